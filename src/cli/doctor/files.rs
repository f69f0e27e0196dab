//! Checks of the file of a SQLite database and the folder around it.

use super::check::Check;
use std::fs::{self, OpenOptions};
use std::path::Path;

const NAME: &str = "database file";

/// File systems whose locks SQLite cannot trust.
const REMOTE: [&str; 10] = [
    "9p",
    "afs",
    "ceph",
    "cifs",
    "fuse.glusterfs",
    "fuse.sshfs",
    "lustre",
    "nfs",
    "nfs4",
    "smb3",
];

/// Whether this process can write `file`, and whether it lies on this machine.
pub fn examine(file: &Path) -> Vec<Check> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let Ok(folder) = folder.canonicalize() else {
        return vec![Check::warn(
            NAME,
            format!("there is no folder {} yet", folder.display()),
            "run `tahsil migrate`: it makes the folder and the database",
        )];
    };
    std::iter::once(writable(file, &folder))
        .chain(local(&folder))
        .collect()
}

/// SQLite keeps its log beside the file, so the folder has to be writable too.
fn writable(file: &Path, folder: &Path) -> Check {
    let probe = folder.join(format!(".tahsil-doctor-{}", std::process::id()));
    let folder_written = OpenOptions::new().write(true).create_new(true).open(&probe);
    if let Err(error) = folder_written.and_then(|_| fs::remove_file(&probe)) {
        return Check::fail(
            NAME,
            format!("cannot write in {}: {error}", folder.display()),
            "let the user of this process write there, or set another database_url",
        );
    }
    if file.exists()
        && let Err(error) = OpenOptions::new().append(true).open(file)
    {
        return Check::fail(
            NAME,
            format!("cannot write {}: {error}", file.display()),
            "let the user of this process write it",
        );
    }
    Check::ok(NAME, format!("{} and its folder can be written", file.display()))
}

fn local(folder: &Path) -> Option<Check> {
    const NAME: &str = "file system";
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let kind = file_system(&mounts, folder)?;
    Some(if REMOTE.contains(&kind) {
        Check::warn(
            NAME,
            format!(
                "{} is on {kind}, where SQLite's locks cannot be trusted",
                folder.display()
            ),
            "keep the file on a disk of this machine, or use PostgreSQL",
        )
    } else {
        Check::ok(NAME, kind)
    })
}

/// The file system that holds `path`: of the mounts above it the deepest, and of those the last.
fn file_system<'a>(mountinfo: &'a str, path: &Path) -> Option<&'a str> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (mount, about) = line.split_once(" - ")?;
        let point = mount.split(' ').nth(4)?.replace("\\040", " ");
        let kind = about.split(' ').next()?;
        path.starts_with(&point)
            .then(|| (Path::new(&point).components().count(), kind))
    });
    mounts.max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::super::check::Status;
    use super::*;

    const MOUNTS: &str = "\
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
40 22 0:35 / /srv rw shared:7 - nfs4 filer:/srv rw
41 40 8:2 / /srv/my\\040shop rw - xfs /dev/sdb1 rw
";

    #[test]
    fn the_deepest_mount_holds_the_file() {
        let kind = |path: &str| file_system(MOUNTS, Path::new(path));
        assert_eq!(kind("/var/lib/tahsil"), Some("ext4"));
        assert_eq!(kind("/srv/tahsil"), Some("nfs4"));
        assert_eq!(kind("/srvx"), Some("ext4"));
        assert_eq!(kind("/srv/my shop/data"), Some("xfs"));
        assert_eq!(file_system("", Path::new("/")), None);
    }

    #[test]
    fn a_folder_of_this_machine_is_fine_and_nothing_is_left_there() {
        let folder = tempfile::tempdir().unwrap();
        let checks = examine(&folder.path().join("tahsil.db"));
        assert_eq!(checks[0].status, Status::Ok, "{}", checks[0].detail);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let checks = examine(&folder.path().join("deep/tahsil.db"));
        assert_eq!(checks[0].status, Status::Warn);
    }
}
