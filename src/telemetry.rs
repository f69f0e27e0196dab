//! Log output.
//!
//! Invariant: logs go to standard error, one event a line, so that standard output stays for what a command was asked to
//! print. A line inside a request carries the request's id, because that is what a support ticket quotes.

use crate::config::{Log, LogFormat};
use std::io::{self, IsTerminal};
use tracing::Subscriber;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

/// Why nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The directives of the filter are not understood.
    #[error("the log filter is not understood: {0}")]
    Filter(#[from] ParseError),
    /// Somebody else already takes the log events of this process.
    #[error("log output is set up already: {0}")]
    Taken(#[from] TryInitError),
}

/// Sends log events of this process to standard error from now on. Called once, by the command line.
///
/// # Errors
/// When the filter is not understood or log output is set up already.
pub fn init(log: &Log) -> Result<(), TelemetryError> {
    let console = if io::stderr().is_terminal() {
        Console::Terminal
    } else {
        Console::Pipe
    };
    subscriber(log, console, io::stderr)?.try_init()?;
    Ok(())
}

/// What reads the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Console {
    Terminal,
    Pipe,
}

fn subscriber<W>(log: &Log, console: Console, writer: W) -> Result<impl Subscriber + use<W>, ParseError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = fmt::layer::<Registry>().with_writer(writer);
    let lines = match (log.format, console) {
        (LogFormat::Json, _) | (LogFormat::Auto, Console::Pipe) => {
            // All spans, not the innermost alone: the request id stands on the outermost.
            lines
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(true)
                .boxed()
        }
        (LogFormat::Pretty, _) | (LogFormat::Auto, Console::Terminal) => {
            lines.with_ansi(console == Console::Terminal).boxed()
        }
    };
    Ok(Registry::default()
        .with(lines)
        .with(EnvFilter::try_new(&log.filter)?))
}

#[cfg(test)]
pub(crate) mod capture {
    //! Log lines of a test, as JSON.

    use super::*;
    use std::io::Write;
    use std::sync::{Arc, LazyLock, Mutex};
    use tracing::Dispatch;

    /// While a process has one subscriber, `tracing` asks whichever thread meets an event first whether anybody wants it,
    /// and remembers the answer for all threads. A second subscriber, on no thread, makes it ask each time.
    static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Registry::default()));

    #[derive(Clone, Default)]
    pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Captured {
        /// Takes the events of this thread for as long as the guard lives.
        pub(crate) fn start(filter: &str, format: LogFormat) -> (Self, tracing::subscriber::DefaultGuard) {
            LazyLock::force(&SECOND);
            let captured = Self::default();
            let log = Log {
                filter: filter.to_owned(),
                format,
            };
            let writer = captured.clone();
            let subscriber = subscriber(&log, Console::Pipe, move || writer.clone()).unwrap();
            (captured, tracing::subscriber::set_default(subscriber))
        }

        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }

        pub(crate) fn json(&self) -> Vec<serde_json::Value> {
            self.text()
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        }
    }

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::capture::Captured;
    use super::*;

    #[test]
    fn a_pipe_gets_json_with_the_fields_of_every_span() {
        let (log, _guard) = Captured::start("info", LogFormat::Auto);
        let request = tracing::info_span!("request", request_id = "req_1").entered();
        tracing::info_span!(parent: &request, "capture")
            .in_scope(|| tracing::info!(attempts_left = 2, "asked"));

        let line = &log.json()[0];
        assert_eq!(line["message"], "asked");
        assert_eq!(line["attempts_left"], 2);
        assert_eq!(line["spans"][0]["request_id"], "req_1");
    }

    #[test]
    fn pretty_is_plain_text_when_nobody_paints_it() {
        let (log, _guard) = Captured::start("info", LogFormat::Pretty);
        tracing::warn!("late");
        assert!(
            log.text().contains("WARN") && !log.text().contains('\u{1b}'),
            "{}",
            log.text()
        );
    }

    #[test]
    fn the_filter_decides_by_module() {
        let (log, _guard) = Captured::start("info,sqlx=warn", LogFormat::Json);
        tracing::info!(target: "sqlx::query", "slow");
        tracing::debug!("detail");
        tracing::info!("kept");
        assert_eq!(log.json().len(), 1);
    }
}
