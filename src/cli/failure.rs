//! Errors as people read them.

use crate::config::{ConfigError, Origin};
use std::io::{self, Write};
use std::process::ExitCode;

/// The code that clap ends with too.
const MISUSE: u8 = 2;

/// Reports the error on standard error; the code is 2 when a flag has a value that its setting does not take, else 1.
#[must_use]
pub fn failed(error: &anyhow::Error) -> ExitCode {
    // Nobody is left to tell if this cannot be written either; the code still says it.
    io::stderr().write_all(report(error).as_bytes()).ok();
    if is_misuse(error) {
        ExitCode::from(MISUSE)
    } else {
        ExitCode::FAILURE
    }
}

/// One line, and one more for each cause that the lines above do not tell already.
fn report(error: &anyhow::Error) -> String {
    let mut report = format!("error: {error}\n");
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !report.contains(&cause) {
            report.push_str(&format!("  because: {cause}\n"));
        }
    }
    report
}

fn is_misuse(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(ConfigError::Value {
            origin: Origin::Flag,
            ..
        })
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, InForce, Layer};
    use anyhow::{Context, anyhow};

    #[test]
    fn causes_follow_unless_the_line_tells_them() {
        let error = anyhow!("no route to host").context("cannot open the database: no route to host");
        assert_eq!(
            report(&error),
            "error: cannot open the database: no route to host\n"
        );
        let error = Err::<(), _>(anyhow!("disk full"))
            .context("cannot write the file")
            .unwrap_err();
        assert_eq!(
            report(&error),
            "error: cannot write the file\n  because: disk full\n"
        );
    }

    #[test]
    fn a_wrong_flag_is_misuse_and_a_wrong_variable_is_not() {
        let error = |env: &str, flag: &str| {
            let layer = |text: &str| -> Layer {
                (!text.is_empty())
                    .then(|| ("listen", text.to_owned()))
                    .into_iter()
                    .collect()
            };
            let values = InForce::from_layers(Layer::new(), layer(env), layer(flag));
            anyhow::Error::from(Config::from_values(&values).unwrap_err())
        };
        assert!(is_misuse(&error("", "here")));
        assert!(!is_misuse(&error("here", "")));
        assert!(!is_misuse(&anyhow!("other")));
    }
}
