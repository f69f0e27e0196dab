//! The file of the master key.
//!
//! Invariant: the file appears whole or not at all, belongs to its owner alone, and is never overwritten. A second process
//! that starts at the same moment reads the key of the first, because what either seals must open for both.

use super::master_key;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// 32 bytes that are wiped when they are dropped.
pub type MasterKeyBytes = Zeroizing<[u8; 32]>;

/// More than any form of a key takes; a larger file is some other file.
const LARGEST_FILE: u64 = 256;

/// Why there is no master key. Each says how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file is there and cannot be read.
    #[error("cannot read the key file {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The file is not there and cannot be made.
    #[error(
        "cannot make the key file {}: {cause}; make it with `openssl rand -hex 32`, or set TAHSIL_MASTER_KEY",
        path.display()
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// Others than the owner may read or write the file.
    #[error("the key file {} is open to others (mode {mode:03o}): run `chmod 600 {}`", path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else than a key.
    #[error(
        "the key file {} does not hold 32 bytes as 64 hexadecimal digits: restore it from a backup; \
         a new key cannot open what the old one sealed",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The system has no randomness to make a key from.
    #[error("the system gives no random bytes for a new key: {0}")]
    NoRandomness(#[from] getrandom::Error),
}

/// The key in the file `path`; if there is no such file, a new key, which is then in it.
///
/// # Errors
/// When the file cannot be read or made, is open to others than its owner, or does not hold a key.
pub fn read_or_create(path: &Path) -> Result<MasterKeyBytes, KeyFileError> {
    match read(path)? {
        Some(key) => Ok(key),
        None => create(path),
    }
}

/// The key in the file, or `None` when there is no file.
fn read(path: &Path) -> Result<Option<MasterKeyBytes>, KeyFileError> {
    let unreadable = |cause| KeyFileError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(unreadable)?,
    };
    // Asked of the open file: the name could meanwhile lead to another.
    let mode = mode_of(&file).map_err(unreadable)?;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(256));
    file.take(LARGEST_FILE)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    str::from_utf8(&bytes)
        .ok()
        .and_then(|text| master_key::parse(text.trim_ascii_end()))
        .map(Some)
        .ok_or_else(|| KeyFileError::Malformed {
            path: path.to_owned(),
        })
}

/// Makes the file with a new key, unless somebody was faster: then theirs is the key.
fn create(path: &Path) -> Result<MasterKeyBytes, KeyFileError> {
    let key = random()?;
    // A name that no other process and no crashed predecessor uses; it holds a key that nothing was sealed with yet.
    let draft = path.with_added_extension(hex::encode(random()?.first_chunk::<8>().unwrap_or(&[0; 8])));
    let published = write_whole(&draft, &key).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match published {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return read(path)?.ok_or_else(|| KeyFileError::Unreadable {
                path: path.to_owned(),
                cause: error,
            });
        }
        Err(cause) => {
            return Err(KeyFileError::Unwritable {
                path: path.to_owned(),
                cause,
            });
        }
    }
    removed
        .and_then(|()| sync_folder(path))
        .map_err(|cause| KeyFileError::Unwritable {
            path: path.to_owned(),
            cause,
        })?;
    Ok(key)
}

/// Writes the key to a new file that only its owner can open, down to the disk.
fn write_whole(path: &Path, key: &MasterKeyBytes) -> io::Result<()> {
    let mut line = Zeroizing::new([b'\n'; 65]);
    if let Some(digits) = line.get_mut(..64) {
        hex::encode_to_slice(key.as_slice(), digits).map_err(io::Error::other)?;
    }
    let mut file = owner_only().write(true).create_new(true).open(path)?;
    file.write_all(line.as_slice())?;
    file.sync_all()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the key must exist before the floor that owns randomness is wired"
)]
fn random() -> Result<MasterKeyBytes, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice())?;
    Ok(bytes)
}

#[cfg(unix)]
fn owner_only() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(unix)]
fn mode_of(file: &File) -> io::Result<u32> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o777)
}

/// A file name is safe on disk once its folder is: without this, a power cut right after the first start loses the key.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn owner_only() -> OpenOptions {
    OpenOptions::new()
}

/// Elsewhere access lists decide, which a new file inherits from its folder.
#[cfg(not(unix))]
fn mode_of(_file: &File) -> io::Result<u32> {
    Ok(0o600)
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Barrier;

    fn file(name: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        (folder, path)
    }

    fn write(path: &Path, text: &str, mode: u32) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_first_start_makes_a_key_that_later_starts_read() {
        let (folder, path) = file("tahsil.key");
        let key = read_or_create(&path).unwrap();

        assert_eq!(read_or_create(&path).unwrap(), key);
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            format!("{}\n", hex::encode(*key))
        );
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no draft is left"
        );
    }

    #[test]
    fn processes_that_start_together_agree_on_one_key() {
        let (folder, path) = file("tahsil.key");
        let start = Barrier::new(16);
        let keys: Vec<_> = std::thread::scope(|scope| {
            let race = || {
                start.wait();
                read_or_create(&path).unwrap()
            };
            let racers: Vec<_> = (0..16).map(|_| scope.spawn(race)).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });

        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let (_folder, path) = file("tahsil.key");
        for mode in [0o640, 0o604, 0o620, 0o644] {
            write(&path, &"ab".repeat(32), mode);
            let error = read_or_create(&path).unwrap_err();
            assert!(error.to_string().contains("chmod 600"), "{error}");
            assert!(matches!(error, KeyFileError::Exposed { mode: found, .. } if found == mode));
        }
    }

    #[test]
    fn a_file_without_a_key_is_refused_and_left_alone() {
        let (_folder, path) = file("tahsil.key");
        for text in ["", "\n", "not a key", &"ab".repeat(31), &"ab".repeat(400)] {
            write(&path, text, 0o600);
            assert!(
                matches!(read_or_create(&path), Err(KeyFileError::Malformed { .. })),
                "{text}"
            );
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn a_read_only_key_file_is_enough() {
        let (_folder, path) = file("tahsil.key");
        write(&path, &format!("{}\n", "AB".repeat(32)), 0o400);
        assert_eq!(*read_or_create(&path).unwrap(), [0xab; 32]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let (_folder, path) = file("missing/tahsil.key");
        let error = read_or_create(&path).unwrap_err();
        assert!(matches!(error, KeyFileError::Unwritable { .. }));
        assert!(error.to_string().contains("missing/tahsil.key"), "{error}");
    }
}
