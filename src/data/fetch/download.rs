//! Download of files by HTTP: bytes received earlier are kept, and only the rest is requested.

use std::io::{ErrorKind, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

use super::error::{DataSetError, Trouble};
use super::part::Part;
use super::progress::Progress;

/// Longest time to wait for data from a host.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest number of times that a connection which delivered data is reopened.
const RESUMED: u32 = 5;

/// Reason why a file was not received.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another host may succeed.
    Host(Trouble),
    /// No other host would succeed.
    Here(DataSetError),
}

impl From<DataSetError> for Failure {
    fn from(error: DataSetError) -> Self {
        Self::Here(error)
    }
}

/// Downloads files, one after the other.
pub(super) struct Client<'a> {
    agent: Agent,
    patience: Duration,
    progress: &'a Progress,
    stop: &'a AtomicBool,
}

impl<'a> Client<'a> {
    pub fn new(progress: &'a Progress, stop: &'a AtomicBool) -> Self {
        Self::with_patience(progress, stop, PATIENCE)
    }

    fn with_patience(progress: &'a Progress, stop: &'a AtomicBool, patience: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_resolve(Some(patience))
            .timeout_connect(Some(patience))
            .timeout_recv_response(Some(patience))
            .timeout_per_read(Some(patience))
            .http_status_as_error(false)
            .user_agent(concat!("apical/", env!("CARGO_PKG_VERSION")))
            // Checksums are those of the files without further compression.
            .accept_encoding("identity")
            .build();
        Self {
            agent: config.new_agent(),
            patience,
            progress,
            stop,
        }
    }

    /// Downloads `url`, a file of about `bytes` bytes called `name` in messages, into `part`: the
    /// missing rest, or the whole file if the host cannot resume.
    ///
    /// Returns true if the result begins with bytes received earlier.
    pub fn fetch(
        &self,
        url: &str,
        name: &str,
        bytes: u64,
        part: &mut Part,
    ) -> Result<bool, Failure> {
        let mut resumed = part.length() > 0;
        let mut again = 0;
        loop {
            let from = part.length();
            let response = self.request(url, from)?;
            match response.status() {
                StatusCode::OK => {
                    if from > 0 {
                        let host = host(url);
                        let line = format!("{name}: {host} cannot resume; from the beginning");
                        self.progress.note(&line);
                    }
                    part.clear()?;
                    resumed = false;
                }
                StatusCode::PARTIAL_CONTENT if from > 0 && begins_at(&response, from) => {}
                // All bytes have been received already.
                StatusCode::RANGE_NOT_SATISFIABLE if from > 0 => return Ok(true),
                StatusCode::PARTIAL_CONTENT if from > 0 => {
                    part.clear()?;
                    resumed = false;
                    continue;
                }
                status => {
                    let status = status.as_u16();
                    return Err(Failure::Host(Trouble::Status { status }));
                }
            }
            let from = part.length();
            let of = (response.body().content_length()).map(|rest| from.saturating_add(rest));
            self.progress.begin(name, from, of);
            let outcome = self.receive(response, of, bytes, part);
            self.progress.end();
            let Some(reason) = outcome? else {
                return Ok(resumed);
            };
            if part.length() == from || again == RESUMED {
                return Err(Failure::Host(Trouble::Cut {
                    have: part.length(),
                    of,
                    reason,
                    part: part.path().to_owned(),
                }));
            }
            again += 1;
        }
    }

    fn request(&self, url: &str, from: u64) -> Result<Response<Body>, Failure> {
        let mut request = self.agent.get(url);
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        request.call().map_err(|error| {
            Failure::Host(Trouble::Unreachable {
                host: host(url).to_owned(),
                reason: redacted(&self.reason(error), url),
            })
        })
    }

    /// Writes the received bytes. Returns the reason if the connection ended too early.
    fn receive(
        &self,
        response: Response<Body>,
        of: Option<u64>,
        bytes: u64,
        part: &mut Part,
    ) -> Result<Option<String>, Failure> {
        // Another compression of the same content may be somewhat longer than the published one.
        let most = bytes.saturating_mul(2).max(1 << 20);
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; 1 << 16];
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(DataSetError::Stopped.into());
            }
            match body.read(&mut buffer) {
                Ok(0) if of.is_some_and(|of| part.length() < of) => {
                    return Ok(Some("the host closed it".into()));
                }
                Ok(0) => return Ok(None),
                Ok(read) => {
                    part.append(&buffer[..read])?;
                    self.progress.advance(read as u64);
                    if part.length() > most {
                        part.clear()?;
                        return Err(Failure::Host(Trouble::TooLong { most }));
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Ok(Some(self.reason(error.into()))),
            }
        }
    }

    fn reason(&self, error: ureq::Error) -> String {
        match error {
            ureq::Error::Timeout(_) => {
                format!("nothing came for {} s", self.patience.as_secs_f64())
            }
            ureq::Error::HostNotFound => "no such host is known here".into(),
            ureq::Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
                "the host closed it".into()
            }
            ureq::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        }
    }
}

/// True if a partial response begins at byte `from`.
fn begins_at(response: &Response<Body>, from: u64) -> bool {
    let range = response.headers().get(header::CONTENT_RANGE);
    let range = range.and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {from}-")))
}

/// Host of a URL, without user and password.
pub(super) fn host(url: &str) -> &str {
    let (_, host) = user_and_host(url);
    host
}

/// User and password of a URL, including the `@` after them, and the host.
fn user_and_host(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = |text| str::split(text, ['/', '?', '#']).next().unwrap_or(text);
    let before = authority(rest);
    // By the standard a password has no bare `/`, `?` or `#`, but in practice some have. A number
    // after a colon is a port.
    let is_port = |(_, port): (&str, &str)| port.bytes().all(|digit| digit.is_ascii_digit());
    let bare = !before.contains('@') && before.split_once(':').is_some_and(|at| !is_port(at));
    let user = match bare {
        true => rest.rfind('@'),
        false => before.rfind('@'),
    };
    let (user, rest) = rest.split_at(user.map_or(0, |at| at + 1));
    (user, authority(rest))
}

/// `text` without the secrets of a URL in it: user and password, and the part after a `?`, which
/// may contain keys.
pub(super) fn redacted(text: &str, url: &str) -> String {
    let (user, _) = user_and_host(url);
    let query = url.split_once('?').map_or("", |(_, query)| query);
    // As written, and as it may appear as part of another text.
    let parts = [user, user.trim_end_matches('@'), query];
    let mut text = text.to_owned();
    for secret in parts.into_iter().filter(|secret| !secret.is_empty()) {
        let shown = if secret.ends_with('@') { "...@" } else { "..." };
        text = text.replace(secret, shown);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Client, Failure, host, redacted};
    use crate::data::fetch::Progress;
    use crate::data::fetch::error::Trouble;
    use crate::data::fetch::part::Part;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    /// A host that answers each request with `bytes` and then sends nothing more.
    fn silent(bytes: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(bytes);
                open.push(stream);
            }
        });
        format!("http://{address}/file")
    }

    #[test]
    fn a_host_that_falls_silent_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let (progress, stop) = (Progress::lines(std::io::sink()), AtomicBool::new(false));
        let client = Client::with_patience(&progress, &stop, Duration::from_millis(200));
        let fetch = |url: &str, name: &str| {
            let mut part = Part::open(dir.path(), name).unwrap();
            match client.fetch(url, name, 100, &mut part).unwrap_err() {
                Failure::Host(trouble) => trouble,
                Failure::Here(error) => panic!("{error}"),
            }
        };
        let no_answer = fetch(&silent(b""), "one");
        assert!(
            matches!(&no_answer, Trouble::Unreachable { reason, .. }
            if reason == "nothing came for 0.2 s"),
            "{no_answer}"
        );
        let begun = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcd";
        let cut = fetch(&silent(begun), "two");
        assert!(
            matches!(&cut, Trouble::Cut { have: 4, of: Some(10), reason, .. }
            if reason == "nothing came for 0.2 s"),
            "{cut}"
        );
        assert_eq!(std::fs::read(dir.path().join("two.part")).unwrap(), b"abcd");
    }

    #[test]
    fn the_host_of_a_url_is_between_slashes() {
        for (url, name) in [
            ("https://a.b/c/d", "a.b"),
            ("http://a.b:80?c", "a.b:80"),
            ("a.b/c", "a.b"),
        ] {
            assert_eq!(host(url), name);
        }
    }

    #[test]
    fn a_url_is_told_without_its_secrets() {
        for (url, told, of) in [
            ("https://a.org/b", "https://a.org/b", "a.org"),
            (
                "https://me:pa@ss@a.org:8080/b",
                "https://...@a.org:8080/b",
                "a.org:8080",
            ),
            ("https://a.org/b?token=1234", "https://a.org/b?...", "a.org"),
            ("https://a.org/x@y", "https://a.org/x@y", "a.org"),
            ("ftp://me:secret@a.org", "ftp://...@a.org", "a.org"),
            ("http://me:se/cr?t@a.org/b", "http://...@a.org/b", "a.org"),
            ("http://a.org:80/x@y", "http://a.org:80/x@y", "a.org:80"),
        ] {
            assert_eq!(redacted(url, url), told);
            assert_eq!(host(url), of);
        }
        let said = redacted("bad uri: me:secret", "http://me:secret@a.org/");
        assert_eq!(said, "bad uri: ...");
    }
}
