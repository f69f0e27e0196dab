//! Connections that are used again, and those that are not.

use crate::receiver::{OK, Receiver, notice, soon};
use crate::sender::{Names, allowing, client, plain_client, post, settings};
use domain::webhook::FailureClass;
use jobs::webhook::client::Client;
use std::time::Duration;

#[tokio::test]
async fn two_requests_take_one_connection() {
    let receiver = Receiver::answering(OK).await;
    let names = Names::leading_to(&[&["127.0.0.1"]]);
    let client = client(&names);
    for _ in 0..3 {
        assert_eq!(
            post(&client.clone(), &receiver.url("hooks.test"))
                .await
                .unwrap()
                .status,
            200
        );
    }
    assert_eq!(
        (receiver.connections(), receiver.heard().len(), names.asked()),
        (1, 3, 1)
    );
}

#[tokio::test]
async fn two_names_of_one_server_share_no_connection() {
    let receiver = Receiver::answering(OK).await;
    let client = plain_client();
    for host in ["a.test", "b.test", "127.0.0.1"] {
        post(&client, &receiver.url(host)).await.unwrap();
    }
    assert_eq!(receiver.connections(), 3);
}

#[tokio::test]
async fn requests_at_the_same_time_take_as_many_connections_and_eight_are_kept() {
    let meeting = std::sync::Arc::new(tokio::sync::Barrier::new(10));
    let receiver = Receiver::start(move |mut line| {
        let meeting = meeting.clone();
        async move {
            while line.hear().await.is_some() {
                meeting.wait().await;
                line.say(OK).await;
            }
        }
    })
    .await;
    let (client, url) = (plain_client(), receiver.url("127.0.0.1"));
    for connections in [10, 12] {
        let posts: Vec<_> = (0..10)
            .map(|_| {
                let (client, url) = (client.clone(), url.clone());
                tokio::spawn(async move { post(&client, &url).await })
            })
            .collect();
        for posted in posts {
            assert_eq!(posted.await.unwrap().unwrap().status, 200);
        }
        assert_eq!(receiver.connections(), connections);
    }
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_meanwhile_costs_a_new_one_and_no_failure() {
    let receiver = Receiver::start(|mut line| async move {
        line.hear().await;
        line.say(OK).await;
        // The second request is heard, and the connection closed instead of an answer.
        if line.number == 1 {
            line.hear().await;
        }
    })
    .await;
    let client = plain_client();
    for _ in 0..2 {
        assert_eq!(
            post(&client, &receiver.url("127.0.0.1")).await.unwrap().status,
            200
        );
    }
    assert_eq!((receiver.connections(), receiver.heard().len()), (2, 3));
    // This one was closed at once; nobody is told.
    assert_eq!(
        post(&client, &receiver.url("127.0.0.1")).await.unwrap().status,
        200
    );
    assert_eq!(receiver.connections(), 3);
}

#[tokio::test]
async fn a_second_try_is_the_last() {
    let receiver = Receiver::start(|mut line| async move {
        line.hear().await;
        if line.number == 1 {
            line.say(OK).await;
            line.hear().await;
        }
    })
    .await;
    let client = plain_client();
    post(&client, &receiver.url("127.0.0.1")).await.unwrap();
    let failure = post(&client, &receiver.url("127.0.0.1")).await.unwrap_err();
    assert_eq!((failure.class, receiver.connections()), (FailureClass::Closed, 2));
}

#[tokio::test]
async fn a_request_of_which_an_answer_had_begun_is_not_sent_again() {
    let receiver = Receiver::start(|mut line| async move {
        line.hear().await;
        line.say(OK).await;
        line.hear().await;
        line.say("HTTP/1.1 2").await;
    })
    .await;
    let client = plain_client();
    post(&client, &receiver.url("127.0.0.1")).await.unwrap();
    let failure = post(&client, &receiver.url("127.0.0.1")).await.unwrap_err();
    assert_eq!((failure.class, receiver.connections()), (FailureClass::Closed, 1));
}

#[tokio::test]
async fn a_connection_is_not_kept_after_a_body_that_was_not_read_to_its_end() {
    let long = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n{}",
        "a".repeat(20_000)
    );
    let closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    let switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    for words in [long.leak(), closing, switching] {
        let receiver = Receiver::answering(words).await;
        let client = plain_client();
        for _ in 0..2 {
            post(&client, &receiver.url("127.0.0.1")).await.unwrap();
        }
        assert_eq!(receiver.connections(), 2, "{}", &words[..40]);
    }
}

#[tokio::test]
async fn an_unused_connection_is_closed_after_a_while() {
    let (noticed, mut is_noticed) = notice();
    let receiver = Receiver::start(move |mut line| {
        let noticed = noticed.clone();
        async move {
            line.hear().await;
            line.say(OK).await;
            line.is_left().await;
            noticed.send(()).unwrap();
        }
    })
    .await;
    let names = Names::leading_to(&[&["127.0.0.1"]]);
    let mut settings = settings(allowing(&["127.0.0.1/32"]), &names);
    settings.idle_timeout = Duration::from_millis(80);
    let client = Client::new(settings).unwrap();
    post(&client, &receiver.url("127.0.0.1")).await.unwrap();
    soon(&mut is_noticed).await;
}

#[tokio::test]
async fn with_the_last_client_its_connections_end() {
    let (noticed, mut is_noticed) = notice();
    let receiver = Receiver::start(move |mut line| {
        let noticed = noticed.clone();
        async move {
            line.hear().await;
            line.say(OK).await;
            line.is_left().await;
            noticed.send(()).unwrap();
        }
    })
    .await;
    let client = plain_client();
    post(&client, &receiver.url("127.0.0.1")).await.unwrap();
    drop(client);
    soon(&mut is_noticed).await;
}
