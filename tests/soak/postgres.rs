//! A PostgreSQL of its own, to be killed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server in a temporary folder.
pub struct OwnPostgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

impl OwnPostgres {
    /// Makes a cluster and starts it.
    pub async fn start() -> Self {
        let programs = programs();
        let folder = tempfile::Builder::new()
            .prefix("tahsil-postgres")
            .tempdir_in("/tmp")
            .unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let own = Self {
            folder,
            programs,
            port,
        };
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(own.folder.path()));
        }
        run(own
            .program("initdb")
            .args(["-A", "trust", "-U", "tahsil", "-D"])
            .arg(own.data()));
        own.begin();
        run(own.program("createdb").args([
            "-h",
            "127.0.0.1",
            "-U",
            "tahsil",
            "-p",
            &own.port.to_string(),
            "tahsil",
        ]));
        own
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("postgres://tahsil@127.0.0.1:{}/tahsil", self.port)
    }

    /// Kills it in the middle of whatever it does, starts it again, and says how long it was away.
    pub async fn kill_and_restart(&mut self) -> Duration {
        let begun = Instant::now();
        let pid = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap().to_owned();
        run(Command::new("kill").args(["-KILL", &pid]));
        // Its children notice by themselves and end.
        tokio::time::sleep(Duration::from_millis(500)).await;
        while !self.try_begin() {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "PostgreSQL does not start again"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        begun.elapsed()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn begin(&self) {
        assert!(self.try_begin(), "PostgreSQL starts");
    }

    fn try_begin(&self) -> bool {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=100",
            self.port
        );
        self.program("pg_ctl")
            .args(["start", "-w", "-t", "60", "-l"])
            .arg(self.folder.path().join("log"))
            .args(["-o", &options, "-D"])
            .arg(self.data())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    /// A program of PostgreSQL, which does not run as root.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
                .arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir("/tmp").stdin(Stdio::null());
        command
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        self.program("pg_ctl")
            .args(["stop", "-m", "immediate", "-D"])
            .arg(self.data())
            .stdout(Stdio::null())
            .status()
            .ok();
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.starts_with(b"0")
}

/// Where the programs of the newest PostgreSQL are.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| {
        let path = std::env::var("PATH").unwrap();
        let place = path
            .split(':')
            .map(Path::new)
            .find(|place| place.join("initdb").exists());
        place
            .expect("the programs of PostgreSQL (initdb, pg_ctl)")
            .to_owned()
    })
}
