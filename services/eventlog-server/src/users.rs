//! Users with passwords, from a file.
//!
//! A password is looked at with Argon2, which is slow by design. So what was right once is remembered while the process
//! lives, as a keyed hash, and how many are looked at together, and how many wait for that, is bounded: whoever guesses does
//! not slow down those whose password was right before. The others may hear that too many wait.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Argon2, password_hash};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lru::LruCache;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tonic::Status;

use crate::door::{Access, Call, Caller, Guard, User, basic};

/// Right passwords that are remembered.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(1024).unwrap();
/// Passwords that are looked at together: each takes 19 MiB and some tens of milliseconds of a core.
const LOOKED_AT_MAX: usize = 2;
/// Callers whose passwords wait to be looked at.
const WAITING_MAX: usize = 64;
const SALT_BYTES: usize = 16;
/// What a line has in place of groups where there are none.
const NO_GROUPS: &str = "-";

#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    #[error("--users `{file}`: {source}")]
    File { file: PathBuf, source: std::io::Error },
    /// Says nothing of what stands in the line: it may be a password.
    #[error("--users `{file}`, line {line}: {why}")]
    Line { file: PathBuf, line: usize, why: &'static str },
    #[error("--users `{file}` names nobody")]
    Empty { file: PathBuf },
    #[error("the password: {0}")]
    Password(String),
    #[error("the user: {0}")]
    User(&'static str),
}

/// The users of a log.
pub struct Users {
    known: HashMap<String, Arc<Known>>,
    /// Looked at where there is no such user, so that this takes as long.
    nobody: Arc<str>,
    right: Mutex<LruCache<[u8; 32], ()>>,
    /// Of this process alone: what is remembered tells nobody anything.
    key: [u8; 32],
    looking: Arc<Semaphore>,
    waiting: Semaphore,
}

struct Known {
    user: Arc<User>,
    access: Access,
    password: Arc<str>,
}

impl Users {
    /// Reads lines of `NAME RIGHTS GROUPS PASSWORD-HASH`; a line that begins with `#` says nothing.
    pub fn read(file: &Path) -> Result<Self, UsersError> {
        let text =
            std::fs::read_to_string(file).map_err(|source| UsersError::File { file: file.to_owned(), source })?;
        let mut known = HashMap::new();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let refused = |why| UsersError::Line { file: file.to_owned(), line: number + 1, why };
            let (name, one) = parse_line(line).map_err(refused)?;
            if known.insert(name, Arc::new(one)).is_some() {
                return Err(refused("a line above names the same user"));
            }
        }
        if known.is_empty() {
            return Err(UsersError::Empty { file: file.to_owned() });
        }
        let mut key = [0; 32];
        random(&mut key)?;
        Ok(Self {
            known,
            nobody: hash_of(&STANDARD.encode(key))?.into(),
            right: Mutex::new(LruCache::new(REMEMBERED_MAX)),
            key,
            looking: Arc::new(Semaphore::new(LOOKED_AT_MAX)),
            waiting: Semaphore::new(WAITING_MAX),
        })
    }

    async fn known(&self, name: &str, password: &str) -> Result<&Known, Status> {
        let wrong = || Status::unauthenticated("there is no such user, or the password is another");
        let known = self.known.get(name);
        let digest = self.digest(name, password);
        if let Some(known) = known
            && self.right().get(&digest).is_some()
        {
            return Ok(known);
        }
        let hash = known.map_or(&self.nobody, |known| &known.password);
        let (hash, password) = (Arc::clone(hash), password.to_owned());
        let waiting = self
            .waiting
            .try_acquire()
            .map_err(|_| Status::resource_exhausted("too many passwords wait to be looked at: try again later"))?;
        let looking = Arc::clone(&self.looking).acquire_owned().await.map_err(|_| wrong())?;
        drop(waiting);
        let right = tokio::task::spawn_blocking(move || {
            // A caller that went away meanwhile does not make room for the next before this is done.
            let _looking = looking;
            let hash = PasswordHash::new(&hash)?;
            Argon2::default().verify_password(password.as_bytes(), &hash)
        });
        let right = right.await.map_err(|error| Status::unavailable(error.to_string()))?;
        match (known, right) {
            (Some(known), Ok(())) => {
                self.right().put(digest, ());
                Ok(known)
            }
            (_, Ok(()) | Err(_)) => Err(wrong()),
        }
    }

    fn digest(&self, name: &str, password: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.key);
        digest.update(name.len().to_le_bytes());
        digest.update(name);
        digest.update(password);
        digest.finalize().into()
    }

    fn right(&self) -> MutexGuard<'_, LruCache<[u8; 32], ()>> {
        self.right.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tonic::async_trait]
impl Guard for Users {
    async fn admit(&self, authorization: Option<&str>, _: Call<'_>) -> Result<Caller, Status> {
        let (name, password) = authorization.and_then(basic).ok_or_else(|| {
            Status::unauthenticated("a call carries a user's name and password: `authorization: Basic …`")
        })?;
        let known = self.known(&name, &password).await?;
        Ok(Caller::user(known.access, Arc::clone(&known.user)))
    }
}

fn parse_line(line: &str) -> Result<(String, Known), &'static str> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let [name, rights, groups, password] = parts.as_slice() else {
        return Err("is not `NAME RIGHTS GROUPS PASSWORD-HASH`");
    };
    check_name(name)?;
    let access = match *rights {
        "read" => Access::Read,
        "append" => Access::Append,
        "delete" => Access::Delete,
        _ => return Err("the rights are none of read, append, delete"),
    };
    let hash = PasswordHash::new(password).map_err(|_| "the password's hash is not one that Argon2 makes")?;
    argon2::Algorithm::try_from(hash.algorithm).map_err(|_| "the password's hash is not one that Argon2 makes")?;
    let groups = groups.split(',').filter(|group| *group != NO_GROUPS).map(str::to_owned).collect();
    let user = Arc::new(User { name: (*name).to_owned(), groups });
    Ok(((*name).to_owned(), Known { user, access, password: (*password).into() }))
}

/// Access lists name users and groups alike: no user may look like a group. And what is before a colon is the name.
fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.contains([':', '#', ',']) || name.chars().any(char::is_whitespace) {
        return Err("a user's name is one word without `:`, `#` and `,`");
    }
    if name.starts_with('$') { Err("only groups begin with `$`") } else { Ok(()) }
}

/// The line of a user for the file, with a new salt.
pub fn user_line(name: &str, access: Access, groups: &[String], password: &str) -> Result<String, UsersError> {
    check_name(name).map_err(UsersError::User)?;
    if password.is_empty() {
        return Err(UsersError::Password("is empty".into()));
    }
    let wrong = |group: &&String| group.is_empty() || group.contains(|c: char| c == ',' || c.is_whitespace());
    if groups.iter().any(|group| wrong(&group)) {
        return Err(UsersError::User("a group is one word without `,`"));
    }
    let groups = if groups.is_empty() { NO_GROUPS.to_owned() } else { groups.join(",") };
    let rights = match access {
        Access::Read => "read",
        Access::Append => "append",
        Access::Delete => "delete",
    };
    Ok(format!("{name} {rights} {groups} {}", hash_of(password)?))
}

fn hash_of(password: &str) -> Result<String, UsersError> {
    let mut salt = [0; SALT_BYTES];
    random(&mut salt)?;
    let failed = |error: password_hash::Error| UsersError::Password(error.to_string());
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

fn random(bytes: &mut [u8]) -> Result<(), UsersError> {
    getrandom::fill(bytes)
        .map_err(|error| UsersError::Password(format!("the machine gives no random numbers: {error}")))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn users(lines: &str) -> Result<Users, UsersError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("users");
        std::fs::write(&file, lines).unwrap();
        Users::read(&file)
    }

    async fn admit(users: &Users, name: &str, password: &str) -> Result<Caller, Status> {
        let header = format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
        users.admit(Some(&header), Call::Write).await
    }

    #[tokio::test]
    async fn who_knows_the_password_is_let_in_and_the_second_time_at_once() {
        let line = user_line("li", Access::Append, &["$ops".into()], "a:long word").unwrap();
        let users = users(&format!("# users\n\n{line}\n")).unwrap();
        assert!(admit(&users, "li", "a:long word").await.is_ok());
        let start = Instant::now();
        for _ in 0..50 {
            assert!(admit(&users, "li", "a:long word").await.is_ok());
        }
        let remembered = start.elapsed();
        let start = Instant::now();
        for (name, password) in [("li", "a:long wore"), ("li", ""), ("wang", "a:long word"), ("", "")] {
            let refused = admit(&users, name, password).await.unwrap_err();
            assert_eq!(refused.code(), tonic::Code::Unauthenticated, "{name}");
            assert!(!refused.message().contains("long"), "{refused}");
        }
        assert!(remembered < start.elapsed(), "what is remembered is not looked at again");
        for header in [None, Some("Basic"), Some("Basic !"), Some("Bearer abc"), Some("Basic bGk=")] {
            let refused = users.admit(header, Call::Write).await.unwrap_err();
            assert_eq!(refused.code(), tonic::Code::Unauthenticated, "{header:?}");
        }
    }

    #[tokio::test]
    async fn no_more_than_so_many_wait_and_who_was_right_before_does_not() {
        let line = user_line("li", Access::Append, &[], "word").unwrap();
        let users = users(&line).unwrap();
        assert!(admit(&users, "li", "word").await.is_ok());
        let _looking = users.looking.try_acquire_many(2).unwrap();
        let _waiting = users.waiting.try_acquire_many(64).unwrap();
        let refused = admit(&users, "li", "other").await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
        assert!(admit(&users, "li", "word").await.is_ok());
    }

    #[test]
    fn a_line_that_is_none_is_named_and_not_repeated() {
        let line = user_line("li", Access::Read, &[], "secret").unwrap();
        for wrong in [
            "li secret",
            "li read - secret",
            "li write - $argon2id$v=19$x",
            "$li read - x",
            &line.replace("argon2id", "md5"),
        ] {
            let error = users(&format!("{}\n{wrong}\n", line.replace("li", "wang"))).map(drop).unwrap_err().to_string();
            assert!(error.contains(", line 2: ") && !error.contains("secret"), "{error}");
        }
        assert!(users(&format!("{line}\n{line}\n")).map(drop).unwrap_err().to_string().contains("the same user"));
        assert!(matches!(users("# nobody\n"), Err(UsersError::Empty { .. })));
        assert!(user_line("$admins", Access::Read, &[], "secret").is_err());
    }
}
