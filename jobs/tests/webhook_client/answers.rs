//! What becomes of answers, of every kind.

use crate::receiver::{OK, Receiver, notice, soon};
use crate::sender::{IMPATIENT, Names, client, plain_client, post, post_impatiently, request};
use domain::webhook::FailureClass;
use jobs::webhook::client::Failure;
use std::time::{Duration, Instant};

async fn failure_of(words: impl AsRef<[u8]> + Clone + Send + Sync + 'static) -> (Failure, usize) {
    let receiver = Receiver::start(move |mut line| {
        let words = words.clone();
        async move {
            line.hear().await;
            line.say(words).await;
        }
    })
    .await;
    let failure = post(&plain_client(), &receiver.url("127.0.0.1"))
        .await
        .unwrap_err();
    (failure, receiver.connections())
}

#[tokio::test]
async fn a_request_arrives_as_it_was_signed_and_nothing_is_added() {
    let receiver = Receiver::answering(OK).await;
    let mut request = request(&format!(
        "http://Hooks.Test:{}/a/../b%20c?d=e",
        receiver.address.port()
    ));
    request
        .headers
        .push(("x-webhook-signature".into(), "00ff".into()));
    request.body = "{\"a\":\"é\"}".into();
    let names = Names::leading_to(&[&["127.0.0.1"]]);
    let answer = client(&names).post(request).await.unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice(), answer.body_truncated),
        (200, &b"ok"[..], false)
    );
    assert_eq!(answer.headers, [("content-length".to_owned(), "2".to_owned())]);
    assert_eq!(answer.remote, receiver.address);

    let heard = receiver.heard().remove(0);
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "{\"a\":\"é\"}");
    let mut lines: Vec<_> = head.lines().collect();
    assert_eq!(lines.remove(0), "POST /b%20c?d=e HTTP/1.1");
    lines.sort_unstable();
    let host = format!("Host: hooks.test:{}", receiver.address.port());
    let agent = concat!("User-Agent: Tahsil-Webhooks/", env!("CARGO_PKG_VERSION"));
    let expected = [
        "Content-Length: 10",
        "Content-Type: application/json",
        &host,
        agent,
        "X-Webhook-Signature: 00ff",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn every_status_is_an_answer() {
    for (words, status) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", 204),
        ("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", 410),
        (
            "HTTP/1.1 500 \r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            500,
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            200,
        ),
    ] {
        let receiver = Receiver::answering(words).await;
        let answer = post(&plain_client(), &receiver.url("127.0.0.1")).await.unwrap();
        assert_eq!((answer.status, answer.body_truncated), (status, false));
    }
}

#[tokio::test]
async fn a_body_is_kept_as_it_came_and_to_its_cap() {
    let squeezed = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x0b\x08\x00";
    let receiver = Receiver::answering(squeezed).await;
    let answer = post(&plain_client(), &receiver.url("127.0.0.1")).await.unwrap();
    assert_eq!(answer.body, b"\x1f\x0b\x08\x00");

    for (length, kept, is_truncated) in [
        (16_384, 16_384, false),
        (16_385, 16_384, true),
        (100_000, 16_384, true),
    ] {
        let words = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}",
            "a".repeat(length)
        );
        let receiver = Receiver::answering(words.leak()).await;
        let answer = post(&plain_client(), &receiver.url("127.0.0.1")).await.unwrap();
        assert_eq!(
            (answer.body.len(), answer.body_truncated),
            (kept, is_truncated),
            "{length}"
        );
    }
}

#[tokio::test]
async fn an_endless_body_holds_nothing() {
    let (noticed, mut is_noticed) = notice();
    let receiver = Receiver::start(move |mut line| {
        let noticed = noticed.clone();
        async move {
            line.hear().await;
            line.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                .await;
            let chunk = format!("2000\r\n{}\r\n", "a".repeat(0x2000));
            while line.say(&chunk).await {}
            noticed.send(()).unwrap();
        }
    })
    .await;
    let began = Instant::now();
    let answer = post(&plain_client(), &receiver.url("127.0.0.1")).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(
        (answer.status, answer.body.len(), answer.body_truncated),
        (200, 16_384, true)
    );
    soon(&mut is_noticed).await;
}

#[tokio::test]
async fn a_dripping_body_ends_with_the_deadline_and_its_status_counts() {
    let (noticed, mut is_noticed) = notice();
    let receiver = Receiver::start(move |mut line| {
        let noticed = noticed.clone();
        async move {
            line.hear().await;
            line.say("HTTP/1.1 200 OK\r\nContent-Length: 3600\r\n\r\n").await;
            while line.say("a").await {
                let left = tokio::time::timeout(Duration::from_secs(1), line.is_left()).await;
                if left.is_ok() {
                    break;
                }
            }
            noticed.send(()).unwrap();
        }
    })
    .await;
    let began = Instant::now();
    let answer = post_impatiently(&plain_client(), &receiver.url("127.0.0.1"))
        .await
        .unwrap();
    assert!((IMPATIENT..Duration::from_secs(2)).contains(&began.elapsed()));
    assert_eq!(
        (answer.status, answer.body.as_slice(), answer.body_truncated),
        (200, &b"a"[..], true)
    );
    soon(&mut is_noticed).await;
}

#[tokio::test]
async fn a_receiver_that_never_answers_costs_one_deadline() {
    for words in ["", "HTTP/1.1 200 OK\r\nX-Slow: ", "HTTP/1.1 100 Continue\r\n\r\n"] {
        let (noticed, mut is_noticed) = notice();
        let receiver = Receiver::start(move |mut line| {
            let noticed = noticed.clone();
            async move {
                line.hear().await;
                line.say(words).await;
                line.is_left().await;
                noticed.send(()).unwrap();
            }
        })
        .await;
        let began = Instant::now();
        let failure = post_impatiently(&plain_client(), &receiver.url("127.0.0.1"))
            .await
            .unwrap_err();
        assert!((IMPATIENT..Duration::from_secs(2)).contains(&began.elapsed()));
        assert_eq!(
            (failure.class, failure.remote),
            (FailureClass::Timeout, Some(receiver.address))
        );
        soon(&mut is_noticed).await;
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_not_read_to_its_end() {
    let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "a".repeat(3_000_000));
    let many = |count| {
        let headers: String = (0..count).map(|number| format!("X-{number}: a\r\n")).collect();
        format!("HTTP/1.1 200 OK\r\n{headers}\r\n")
    };
    for words in [long, many(101), many(50_000)] {
        let (failure, connections) = failure_of(words).await;
        assert_eq!((failure.class, connections), (FailureClass::HeadersTooLarge, 1));
        assert!(failure.response.is_none());
    }
    let fits = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{}",
        &many(99)["HTTP/1.1 200 OK\r\n".len()..]
    );
    let receiver = Receiver::answering(fits.leak()).await;
    let answer = post(&plain_client(), &receiver.url("127.0.0.1")).await.unwrap();
    assert_eq!(answer.headers.len(), 100);
}

#[tokio::test]
async fn headers_are_kept_as_text_and_to_a_cap() {
    let long = "a".repeat(5_000);
    let many: String = (0..10).map(|number| format!("X-{number}: {long}\r\n")).collect();
    let words = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Odd: a\u{e9}\r\n{many}\r\n");
    let receiver = Receiver::answering(words.leak()).await;
    let answer = post(&plain_client(), &receiver.url("127.0.0.1")).await.unwrap();
    assert!(answer.headers.contains(&("x-odd".into(), "aé".into())));
    assert!(answer.headers.iter().all(|(_, value)| value.len() <= 1_024));
    let twenty: String = (0..20)
        .map(|number| format!("X-{number}: {}\r\n", "a".repeat(2_000)))
        .collect();
    let words = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{twenty}\r\n");
    let receiver = Receiver::answering(words.leak()).await;
    let answer = post(&plain_client(), &receiver.url("127.0.0.1")).await.unwrap();
    assert_eq!(answer.headers.len(), 16);
}

#[tokio::test]
async fn what_is_no_http_is_not_taken_for_an_answer() {
    for words in [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "220 mail.example ESMTP\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
    ] {
        let (failure, connections) = failure_of(words).await;
        assert_eq!(
            (failure.class, connections),
            (FailureClass::Protocol, 1),
            "{words}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_ends_before_an_answer_is_said_to_be_closed_and_not_tried_again() {
    for words in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nX: y\r\n"] {
        let (failure, connections) = failure_of(words).await;
        assert_eq!((failure.class, connections), (FailureClass::Closed, 1), "{words}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_its_status() {
    let receiver = Receiver::start(|mut line| async move {
        line.hear().await;
        line.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").await;
    })
    .await;
    let answer = post(&plain_client(), &receiver.url("127.0.0.1")).await.unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice(), answer.body_truncated),
        (200, &b"abc"[..], true)
    );
}

#[tokio::test]
async fn a_body_that_goes_on_with_what_is_no_http_is_a_failure_with_what_had_come() {
    let words = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n";
    let (failure, _) = failure_of(words).await;
    assert_eq!(failure.class, FailureClass::Protocol);
    let response = failure.response.unwrap();
    assert_eq!(
        (response.status, response.body.as_slice(), response.body_truncated),
        (200, &b"abc"[..], true)
    );
}

#[tokio::test]
async fn the_next_vetted_address_is_tried_when_one_does_not_answer() {
    let receiver = Receiver::answering(OK).await;
    let names = Names::leading_to(&[&["127.0.0.2", "127.0.0.2", "127.0.0.1"]]);
    let client = crate::sender::with(crate::sender::allowing(&["127.0.0.0/8"]), &names);
    let answer = post(&client, &receiver.url("hooks.test")).await.unwrap();
    assert_eq!((answer.remote, receiver.connections()), (receiver.address, 1));

    let address = receiver.address;
    drop(receiver);
    tokio::task::yield_now().await;
    let failure = post(&client, &format!("http://other.test:{}/", address.port()))
        .await
        .unwrap_err();
    assert_eq!(
        (failure.class, failure.remote),
        (FailureClass::Connect, Some(address))
    );
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let receiver =
        Receiver::answering("HTTP/1.1 200 OK\r\nX-A: s3cret\r\nContent-Length: 6\r\n\r\ns3cret").await;
    let mut request = request(&format!("{}/s3cret?s3cret", receiver.url("127.0.0.1")));
    request.headers.push(("authorization".into(), "s3cret".into()));
    request.body = "s3cret".into();
    let printed = format!("{request:?} {:?}", plain_client().post(request.clone()).await);
    assert!(
        printed.contains("200") && !printed.contains("s3cret"),
        "{printed}"
    );
}
