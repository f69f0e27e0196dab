//! Encrypted connections, against certificates that were made for the test.

use crate::receiver::{OK, Receiver, Wire, notice, soon};
use crate::sender::{Names, allowing, post, post_impatiently, settings};
use domain::webhook::FailureClass;
use jobs::webhook::client::{CertificateDer, Client};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::rustls::{ProtocolVersion, SupportedProtocolVersion, version};

/// What a client said before anything was encrypted: whom it wants, and which protocols it offers.
type Hellos = Arc<Mutex<Vec<(Option<String>, bool)>>>;

struct Shop {
    receiver: Receiver,
    certificate: CertificateDer<'static>,
    hellos: Hellos,
}

/// A server whose certificate names `host`.
async fn shop(host: &str, versions: &[&'static SupportedProtocolVersion]) -> Shop {
    let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (config, hellos) = (Arc::new(config), Hellos::default());
    let ears = hellos.clone();
    let open = move |stream: TcpStream| {
        let (config, hellos) = (config.clone(), ears.clone());
        async move {
            let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.ok()?;
            let hello = start.client_hello();
            let said = (hello.server_name().map(str::to_owned), hello.alpn().is_some());
            hellos.lock().unwrap().push(said);
            let stream = start.into_stream(config).await.ok()?;
            Some(Box::new(stream) as Box<dyn Wire>)
        }
    };
    let receiver = Receiver::behind(Ipv4Addr::LOCALHOST, 0, open, |mut line| async move {
        while line.hear().await.is_some() {
            line.say(OK).await;
        }
    })
    .await;
    Shop {
        receiver,
        certificate,
        hellos,
    }
}

fn client(trusted: &[&CertificateDer<'static>]) -> Client {
    let names = Names::leading_to(&[&["127.0.0.1"]]);
    let mut settings = settings(allowing(&["127.0.0.1/32"]), &names);
    settings.extra_roots = trusted.iter().copied().cloned().collect();
    Client::new(settings).unwrap()
}

fn url(shop: &Shop, host: &str) -> String {
    format!("https://{host}:{}/hook", shop.receiver.address.port())
}

#[tokio::test]
async fn a_name_is_asked_for_and_checked_over_both_versions_of_tls() {
    for version in [&version::TLS12, &version::TLS13] {
        let shop = shop("shop.test", &[version]).await;
        let client = client(&[&shop.certificate]);
        for _ in 0..2 {
            let answer = post(&client, &url(&shop, "shop.test")).await.unwrap();
            assert_eq!((answer.status, answer.remote), (200, shop.receiver.address));
        }
        assert_eq!(shop.receiver.connections(), 1, "{:?}", version.version);
        let host = format!("Host: shop.test:{}", shop.receiver.address.port());
        assert!(shop.receiver.heard()[0].contains(&host));
        assert_eq!(
            *shop.hellos.lock().unwrap(),
            [(Some("shop.test".to_owned()), false)]
        );
    }
    assert_eq!(version::TLS12.version, ProtocolVersion::TLSv1_2);
}

#[tokio::test]
async fn a_certificate_of_an_address_is_one_of_that_address() {
    let shop = shop("127.0.0.1", &[&version::TLS13]).await;
    let client = client(&[&shop.certificate]);
    assert_eq!(post(&client, &url(&shop, "127.0.0.1")).await.unwrap().status, 200);
    let failure = post(&client, &url(&shop, "shop.test")).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Tls);
}

#[tokio::test]
async fn nothing_is_told_to_a_server_whose_certificate_names_another_or_that_nobody_trusts() {
    let shop = shop("shop.test", &[&version::TLS13]).await;
    for (client, host) in [
        (client(&[&shop.certificate]), "other.test"),
        (client(&[&shop.certificate]), "127.0.0.1"),
        (client(&[]), "shop.test"),
    ] {
        let failure = post(&client, &url(&shop, host)).await.unwrap_err();
        assert_eq!(
            (failure.class, failure.remote),
            (FailureClass::Tls, Some(shop.receiver.address))
        );
    }
    assert_eq!(shop.receiver.heard(), [""; 0]);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_hears_nothing() {
    let receiver = Receiver::start(|mut line| async move {
        line.say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            .await;
    })
    .await;
    let url = format!("https://shop.test:{}/", receiver.address.port());
    let failure = post(&client(&[]), &url).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Tls);
}

#[tokio::test]
async fn a_server_that_greets_nobody_costs_one_deadline() {
    let (noticed, mut is_noticed) = notice();
    let receiver = Receiver::start(move |mut line| {
        let noticed = noticed.clone();
        async move {
            line.is_left().await;
            noticed.send(()).unwrap();
        }
    })
    .await;
    let url = format!("https://shop.test:{}/", receiver.address.port());
    let failure = post_impatiently(&client(&[]), &url).await.unwrap_err();
    assert_eq!(
        (failure.class, failure.remote),
        (FailureClass::Timeout, Some(receiver.address))
    );
    soon(&mut is_noticed).await;
}

#[tokio::test]
async fn an_authority_that_is_none_stops_the_start() {
    let mut settings = settings(allowing(&[]), &Names::leading_to(&[]));
    settings.extra_roots = vec![CertificateDer::from(vec![1, 2, 3])];
    let error = Client::new(settings).err().unwrap().to_string();
    assert!(
        error.starts_with("a certificate authority of one's own cannot be read"),
        "{error}"
    );
}
