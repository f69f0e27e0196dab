//! Checks of the process and the machine around it.

use super::check::Check;
use crate::config::unrecognised;
use chrono::Datelike;
use domain::Timestamp;
use std::ffi::OsString;
use std::io;
use std::net::{SocketAddr, TcpListener};

/// The program was not there before; a machine that shows an earlier year has lost its clock.
const FIRST_YEAR: i32 = 2026;

/// Each open connection is a file; below this a busy server runs out.
const ENOUGH_FILES: u64 = 4096;

/// Whether all `TAHSIL_` variables among `names` are settings.
pub fn variables(names: impl IntoIterator<Item = OsString>) -> Check {
    const NAME: &str = "environment";
    let strangers = unrecognised(names);
    if strangers.is_empty() {
        return Check::ok(NAME, "every TAHSIL_ variable is a setting");
    }
    Check::warn(
        NAME,
        format!("not a setting, so ignored: {}", strangers.join(", ")),
        "`tahsil config --reference` lists the variables",
    )
}

/// Whether the machine's clock can be right.
pub fn clock(now: Timestamp) -> Check {
    const NAME: &str = "clock";
    let shown = now.format("%F %T UTC");
    if now.year() < FIRST_YEAR {
        return Check::fail(
            NAME,
            format!("it shows {shown}"),
            "set the clock, and keep it right by NTP",
        );
    }
    Check::ok(NAME, shown)
}

/// Whether the server could listen on `address` now.
pub fn listener(address: SocketAddr) -> Check {
    const NAME: &str = "listen address";
    match TcpListener::bind(address) {
        Ok(_) => Check::ok(NAME, format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Check::warn(
            NAME,
            format!("{address} is taken"),
            "nothing if this server is what listens there; else set another address with --listen",
        ),
        Err(error) => Check::fail(
            NAME,
            format!("cannot listen on {address}: {error}"),
            "set an address of this machine, and a port that this user may open, with --listen",
        ),
    }
}

/// Whether this process may open enough files; nothing where the system does not say.
pub fn open_files() -> Option<Check> {
    std::fs::read_to_string("/proc/self/limits")
        .ok()
        .and_then(|limits| soft_file_limit(&limits))
        .map(enough_files)
}

fn enough_files(limit: u64) -> Check {
    const NAME: &str = "open files";
    if limit < ENOUGH_FILES {
        return Check::warn(
            NAME,
            format!("at most {limit}; each connection is one"),
            format!(
                "raise it: `ulimit -n {ENOUGH_FILES}`, or LimitNOFILE={ENOUGH_FILES} in the systemd unit"
            ),
        );
    }
    Check::ok(NAME, format!("at most {limit}"))
}

/// The soft limit in `/proc/self/limits`; no limit is the largest number.
fn soft_file_limit(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Status;
    use super::*;

    #[test]
    fn a_misspelt_variable_is_named() {
        let check = variables(["TAHSIL_LISTNE", "TAHSIL_LISTEN", "PATH"].map(Into::into));
        assert_eq!(check.status, Status::Warn);
        assert!(check.detail.ends_with(": TAHSIL_LISTNE"), "{}", check.detail);
        assert_eq!(variables(["TAHSIL_LISTEN".into()]).status, Status::Ok);
    }

    #[test]
    fn a_clock_that_was_reset_is_a_failure() {
        let status = |text: &str| clock(text.parse().unwrap()).status;
        assert_eq!(status("1970-01-01T00:00:07Z"), Status::Fail);
        assert_eq!(status("2026-01-01T00:00:00Z"), Status::Ok);
    }

    #[test]
    fn a_taken_address_is_a_warning_and_a_foreign_one_a_failure() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(listener(taken.local_addr().unwrap()).status, Status::Warn);
        assert_eq!(listener("127.0.0.1:0".parse().unwrap()).status, Status::Ok);
        // 192.0.2.0/24 is for documentation: no machine has it.
        assert_eq!(listener("192.0.2.1:8080".parse().unwrap()).status, Status::Fail);
    }

    #[test]
    fn the_soft_limit_counts() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             127364               127364               processes \n\
                      Max open files            1024                 1048576              files     \n";
        assert_eq!(soft_file_limit(limits), Some(1024));
        assert_eq!(
            soft_file_limit("Max open files   unlimited unlimited files"),
            Some(u64::MAX)
        );
        assert_eq!(soft_file_limit(""), None);
        assert_eq!(
            (enough_files(4095).status, enough_files(4096).status),
            (Status::Warn, Status::Ok)
        );
    }
}
