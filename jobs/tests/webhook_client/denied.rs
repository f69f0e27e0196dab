//! What is denied is never dialled.

use crate::receiver::{OK, Receiver};
use crate::sender::{Names, allowing, client, plain_client, post, request, with};
use domain::webhook::{FailureClass, TargetPolicy};
use jobs::webhook::client::{Client, ClientSettings, Failure};
use std::net::Ipv4Addr;

/// Another address of this machine, which no policy here allows.
const BAD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

fn assert_denied(failure: &Failure, rule: &str) {
    assert_eq!(
        (failure.class, failure.rule),
        (FailureClass::AddressDenied, Some(rule))
    );
    assert_eq!(
        failure.remote, None,
        "who asks learns nothing of what listens there"
    );
    assert_eq!(
        failure.to_string(),
        format!("webhooks do not go to this address ({rule})")
    );
}

async fn receiver_at_bad(port: u16) -> Receiver {
    Receiver::at(BAD, port, |mut line| async move {
        line.hear().await;
        line.say(OK).await;
    })
    .await
}

#[tokio::test]
async fn a_literal_address_is_vetted_though_nobody_resolves_it() {
    let receiver = Receiver::answering(OK).await;
    let names = Names::leading_to(&[&["127.0.0.1"]]);
    let client = with(TargetPolicy::default(), &names);
    let port = receiver.address.port();
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::ffff:7f00:1]"] {
        let failure = post(&client, &format!("https://{host}:{port}/"))
            .await
            .unwrap_err();
        assert_denied(&failure, "private_address");
    }
    assert_eq!((receiver.connections(), names.asked()), (0, 0));
}

#[tokio::test]
async fn a_public_name_that_leads_inside_is_denied() {
    let names = Names::leading_to(&[&["127.0.0.1"]]);
    let receiver = Receiver::answering(OK).await;
    let policy = TargetPolicy {
        ports: vec![receiver.address.port()],
        ..TargetPolicy::default()
    };
    let client = with(policy, &names);
    let url = format!("https://shop.example:{}/", receiver.address.port());
    assert_denied(&post(&client, &url).await.unwrap_err(), "private_address");
    assert_eq!((receiver.connections(), names.asked()), (0, 1));
}

#[tokio::test]
async fn one_bad_address_denies_the_whole_name() {
    let good = Receiver::answering(OK).await;
    let bad = receiver_at_bad(good.address.port()).await;
    for order in [["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"]] {
        let client = client(&Names::leading_to(&[&order]));
        let failure = post(&client, &good.url("hooks.test")).await.unwrap_err();
        assert_denied(&failure, "private_address");
    }
    let client = client(&Names::leading_to(&[&["127.0.0.1", "::ffff:169.254.169.254"]]));
    let failure = post(&client, &good.url("hooks.test")).await.unwrap_err();
    assert_denied(&failure, "metadata_address");
    assert_eq!((good.connections(), bad.connections()), (0, 0));
}

#[tokio::test]
async fn a_name_is_resolved_once_and_what_was_vetted_is_dialled() {
    let good = Receiver::answering(OK).await;
    let bad = receiver_at_bad(good.address.port()).await;
    let names = Names::leading_to(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let answer = post(&client(&names), &good.url("hooks.test")).await.unwrap();
    assert_eq!((answer.status, answer.remote), (200, good.address));
    assert_eq!((names.asked(), good.connections(), bad.connections()), (1, 1, 0));
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_second_time_is_denied_the_second_time() {
    let words = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let good = Receiver::start(move |mut line| async move {
        line.hear().await;
        line.say(words).await;
    })
    .await;
    let bad = receiver_at_bad(good.address.port()).await;
    let names = Names::leading_to(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let client = client(&names);
    assert_eq!(post(&client, &good.url("hooks.test")).await.unwrap().status, 200);
    let failure = post(&client, &good.url("hooks.test")).await.unwrap_err();
    assert_denied(&failure, "private_address");
    assert_eq!((names.asked(), good.connections(), bad.connections()), (2, 1, 0));
}

#[tokio::test]
async fn a_resolver_does_not_choose_the_port() {
    let good = Receiver::answering(OK).await;
    let other = Receiver::answering(OK).await;
    let answer = other.address.to_string();
    let client = client(&Names::leading_to(&[&[&answer]]));
    assert_eq!(
        post(&client, &good.url("hooks.test")).await.unwrap().remote,
        good.address
    );
    assert_eq!((good.connections(), other.connections()), (1, 0));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_followed_nowhere() {
    let other = Receiver::answering(OK).await;
    let places = ["http://169.254.169.254/".to_owned(), other.url("127.0.0.1")];
    for place in places {
        for status in [301, 302, 303, 307, 308] {
            let words = format!("HTTP/1.1 {status} Go\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n");
            let receiver = Receiver::answering(words.leak()).await;
            let answer = post(&plain_client(), &receiver.url("127.0.0.1")).await.unwrap();
            assert_eq!(answer.status, status);
            assert!(answer.headers.contains(&("location".into(), place.clone())));
            assert_eq!(receiver.connections(), 1);
        }
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn nothing_leads_back_to_where_we_listen() {
    let receiver = Receiver::answering(OK).await;
    let port = receiver.address.port();
    for own in [
        format!("127.0.0.1:{port}"),
        format!("0.0.0.0:{port}"),
        format!("[::]:{port}"),
    ] {
        let policy = TargetPolicy {
            own: vec![own.parse().unwrap()],
            ..allowing(&["127.0.0.0/8"])
        };
        let client = with(policy, &Names::leading_to(&[&["127.0.0.1"]]));
        for host in ["127.0.0.1", "hooks.test"] {
            let failure = post(&client, &receiver.url(host)).await.unwrap_err();
            assert_denied(&failure, "self");
        }
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_said_to() {
    for names in [Names::leading_to(&[]), Names::leading_to(&[&[]])] {
        let failure = post(&client(&names), "http://hooks.test/").await.unwrap_err();
        assert_eq!((failure.class, failure.remote), (FailureClass::Dns, None));
    }
}

#[tokio::test]
async fn the_system_resolves_the_names_it_knows() {
    let receiver = Receiver::answering(OK).await;
    let settings = ClientSettings::new(allowing(&["127.0.0.0/8", "::1/128"]));
    let client = Client::new(settings).unwrap();
    assert_eq!(
        post(&client, &receiver.url("localhost")).await.unwrap().status,
        200
    );
    let failure = post(&client, "http://nowhere.invalid/").await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Dns);
}

#[tokio::test]
async fn headers_that_frame_the_message_are_not_a_callers() {
    let receiver = Receiver::answering(OK).await;
    for (name, value) in [
        ("Host", "169.254.169.254"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close"),
        ("Proxy-Authorization", "a"),
        ("Accept-Encoding", "gzip"),
        ("X-A", "a\r\nHost: b"),
        ("X A", "a"),
        ("", "a"),
    ] {
        let mut request = request(&receiver.url("127.0.0.1"));
        request.headers.push((name.into(), value.into()));
        let failure = plain_client().post(request).await.unwrap_err();
        assert_eq!(failure.rule, Some("request_header"), "{name}");
        assert_eq!(failure.to_string(), "the request cannot be sent (request_header)");
    }
    assert_eq!(receiver.connections(), 0);
}
