//! Servers in processes of their own, each held on one core.
//!
//! What is measured beside one another must have the same to run on: the server has the first core, whatever it is written in; the load
//! and the database's processes have the second. Where `taskset` is missing or there is one core only, nothing is held, and the
//! table says so.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child as Process, Command, Stdio};

/// Where servers run.
pub const SERVER_CORE: &str = "0";
/// Where load and database run.
pub const LOAD_CORE: &str = "1";

/// A server that ends with this value.
pub struct Child {
    process: Process,
    pub address: SocketAddr,
}

impl Child {
    /// Starts `program` on the core of servers; it says the port that it listens on in its first line. `None` if it says nothing.
    pub fn start(program: &str, configure: impl FnOnce(&mut Command)) -> Option<Self> {
        let mut command = if can_pin() {
            let mut command = Command::new("taskset");
            command.args(["-c", SERVER_CORE, program]);
            command
        } else {
            Command::new(program)
        };
        configure(&mut command);
        let mut process = command.stdout(Stdio::piped()).spawn().ok()?;
        let mut line = String::new();
        let read = BufReader::new(process.stdout.take()?).read_line(&mut line);
        let port = read.ok().and_then(|_| line.trim().parse::<u16>().ok());
        let Some(port) = port else {
            let _already_gone = process.kill();
            return None;
        };
        Some(Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
        })
    }
}

impl Child {
    /// How long it has kept a core busy, in milliseconds, where the system says so.
    pub fn busy_ms(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).ok()?;
        // Behind the name, which may hold anything: in user mode is the twelfth, in the kernel the thirteenth; in ticks of 10 ms.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut ticks = fields.split_whitespace().skip(11);
        let mut next = || ticks.next()?.parse::<f64>().ok();
        Some((next()? + next()?) * 10.0)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _already_gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// Whether processes can be held on cores here.
pub fn can_pin() -> bool {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let works = Command::new("taskset")
        .args(["-c", "0,1", "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    works && (cores > 1 || HELD.get().is_some())
}

/// The cores that this process had before it was held on one.
static HELD: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// Holds this process, which makes the load, on the core of load and database.
pub fn hold_load() {
    if can_pin() {
        let all = Command::new("taskset")
            .args(["-c", "-p", &own()])
            .output()
            .expect("taskset runs");
        let all = String::from_utf8_lossy(&all.stdout);
        let list = all.rsplit(' ').next().unwrap_or("0,1").trim().to_owned();
        let _first = HELD.set(list);
        hold(&own(), LOAD_CORE);
    }
}

/// Lets this process run where it ran before.
pub fn release_load() {
    if let Some(all) = HELD.get() {
        hold(&own(), all);
    }
}

/// Holds processes of the database on the core of load and database, where they are ours to hold.
pub fn hold_database(processes: &[i32]) {
    if can_pin() {
        for process in processes {
            hold(&process.to_string(), LOAD_CORE);
        }
    }
}

fn own() -> String {
    std::process::id().to_string()
}

fn hold(process: &str, cores: &str) {
    let _perhaps_not_ours = Command::new("taskset")
        .args(["-a", "-c", "-p", cores, process])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}
