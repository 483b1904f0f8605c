//! Data sets are fetched from a host of this machine, whatever goes wrong on the way.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use apical::data::fetch::checksum::sha256;
use apical::data::fetch::{DataSet, Download, Held, Origin, Packing, Progress, get, is_in};
use flate2::{Compression, write::GzEncoder};

/// What was asked for: a path, and the first byte if not all were.
type Asked = Arc<Mutex<Vec<(String, Option<usize>)>>>;

/// A host that answers requests, one after the other, with what `answer` makes of them.
struct Host {
    url: String,
    asked: Asked,
}

impl Host {
    fn new(
        answer: impl Fn(&mut TcpStream, &str, Option<usize>) -> std::io::Result<()> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let asked = Asked::default();
        let noted = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let head: Vec<String> = (lines.map_while(Result::ok))
                    .take_while(|line| !line.is_empty())
                    .collect();
                let Some(path) = head.first().and_then(|line| line.split(' ').nth(1)) else {
                    continue;
                };
                let from = head.iter().find_map(|line| {
                    let (name, value) = line.split_once(": ")?;
                    let range = value.strip_prefix("bytes=")?.strip_suffix('-')?;
                    name.eq_ignore_ascii_case("range")
                        .then(|| range.parse().unwrap())
                });
                let path = path.trim_start_matches('/');
                noted.lock().unwrap().push((path.to_owned(), from));
                // A client that has gone away is its own affair.
                let _ = answer(&mut stream, path, from);
            }
        });
        Self { url, asked }
    }

    /// One that serves these files, and parts of them if it can.
    fn of(files: Vec<(String, Vec<u8>)>, ranges: bool) -> Self {
        Self::new(
            move |stream, path, from| match files.iter().find(|(name, _)| name == path) {
                None => status(stream, "404 Not Found"),
                Some((_, bytes)) => match from.filter(|_| ranges) {
                    None => whole(stream, bytes, bytes.len()),
                    Some(from) => rest(stream, bytes, from, bytes.len()),
                },
            },
        )
    }

    fn origin(&self) -> Origin {
        Origin::Hosts(vec![self.url.clone()])
    }

    fn asked(&self) -> Vec<(String, Option<usize>)> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn status(stream: &mut TcpStream, line: &str) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
}

/// All of `bytes`, of which only the first `sent` are.
fn whole(stream: &mut TcpStream, bytes: &[u8], sent: usize) -> std::io::Result<()> {
    let length = bytes.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&bytes[..sent])
}

/// `bytes` from `from` on, of which those before `sent` are.
fn rest(stream: &mut TcpStream, bytes: &[u8], from: usize, sent: usize) -> std::io::Result<()> {
    let length = bytes.len();
    if from >= length {
        return status(stream, "416 Range Not Satisfiable");
    }
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{}/{length}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        length - 1,
        length - from,
    )?;
    stream.write_all(&bytes[from..sent])
}

fn gzip(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn sum(bytes: &[u8]) -> String {
    sha256(bytes).unwrap()
}

/// Bytes that do not compress.
fn noise(seed: u32, count: u32) -> Vec<u8> {
    let mixed = |i: u32| (i ^ i >> 15).wrapping_mul(2_654_435_761);
    (0..count)
        .map(|i| (mixed(mixed(mixed(i ^ seed << 20))) >> 24) as u8)
        .collect()
}

/// What the files `one` and `two` hold.
fn content(name: &str) -> Vec<u8> {
    noise(name.len() as u32 + u32::from(name.as_bytes()[0]), 100_000)
}

fn held(name: &str) -> Held {
    Held {
        name: name.into(),
        sha256: sum(&content(name)),
    }
}

fn set(downloads: Vec<Download>) -> DataSet {
    DataSet {
        name: "made".into(),
        about: "noise".into(),
        scenario: "scenarios/made.ron".into(),
        hosts: Vec::new(),
        downloads,
    }
}

fn download(name: &str, bytes: &[u8], packing: Packing, holds: &[&str]) -> Download {
    Download {
        name: name.into(),
        bytes: bytes.len() as u64,
        sha256: sum(bytes),
        packing,
        holds: holds.iter().map(|name| held(name)).collect(),
    }
}

/// Two packed files, and what a host has of them.
fn pair() -> (DataSet, Vec<(String, Vec<u8>)>) {
    let files = ["one", "two"].map(|name| (format!("{name}.gz"), gzip(&content(name), 6)));
    let downloads = (files.iter().zip(["one", "two"]))
        .map(|((file, bytes), name)| download(file, bytes, Packing::Gzip, &[name]));
    (set(downloads.collect()), files.into())
}

/// The same two files in an archive, in its folder `inner`.
fn archived(two: &[u8]) -> (DataSet, Vec<(String, Vec<u8>)>) {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in [
        ("readme", &b"page"[..]),
        ("two", two),
        ("one", &content("one")),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, format!("inner/{name}"), bytes)
            .unwrap();
    }
    let bytes = gzip(&builder.into_inner().unwrap(), 6);
    let packing = Packing::Tar {
        folder: "inner".into(),
    };
    let whole = download("all.tar.gz", &bytes, packing, &["one", "two"]);
    (set(vec![whole]), vec![("all.tar.gz".into(), bytes)])
}

#[derive(Clone, Default)]
struct Lines(Rc<RefCell<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Gets `set` into `to`; what is said on the way, and the error.
fn attempt(set: &DataSet, origin: &Origin, to: &Path) -> (String, Option<String>) {
    let lines = Lines::default();
    let progress = Progress::lines(lines.clone());
    let outcome = get(set, origin, to, &progress, &AtomicBool::new(false));
    let said = String::from_utf8(lines.0.take()).unwrap();
    (said, outcome.err().map(|error| error.to_string()))
}

/// As [`attempt`], where it must succeed.
fn gotten(set: &DataSet, origin: &Origin, to: &Path) -> String {
    let (said, error) = attempt(set, origin, to);
    assert_eq!(error, None, "{said}");
    assert!(is_in(set, to).unwrap());
    said
}

/// As [`attempt`], where it must not succeed.
fn refused(set: &DataSet, origin: &Origin, to: &Path) -> String {
    let (_, error) = attempt(set, origin, to);
    error.expect("an error")
}

/// Names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = (entries)
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A text without what differs from run to run: folders and ports.
fn still(text: &str, folders: &[&Path], hosts: &[&Host]) -> String {
    let mut text = text.to_owned();
    for (number, folder) in folders.iter().enumerate() {
        text = text.replace(&folder.display().to_string(), &format!("DIR{number}"));
    }
    for (number, host) in hosts.iter().enumerate() {
        let address = host.url.trim_start_matches("http://").trim_end_matches('/');
        text = text.replace(address, &format!("HOST{number}"));
    }
    text
}

#[test]
fn what_is_there_and_right_is_not_fetched_again() {
    let (dir, (set, files)) = (tempfile::tempdir().unwrap(), pair());
    let to = dir.path().join("data/made");
    let host = Host::of(files, true);
    let said = gotten(&set, &host.origin(), &to);
    insta::assert_snapshot!(still(&said, &[&to], &[&host]), @r"
    one.gz: 100.04 kB from HOST0
    two.gz: 100.04 kB from HOST0
    ");
    let all = [("one.gz".to_owned(), None), ("two.gz".to_owned(), None)];
    assert_eq!(host.asked(), all);
    assert_eq!(names(&to), ["one.gz", "two.gz"]);

    let said = gotten(&set, &host.origin(), &to);
    insta::assert_snapshot!(still(&said, &[&to], &[&host]), @r"
    one.gz: there and right
    two.gz: there and right
    ");
    assert_eq!(host.asked(), []);

    // Unpacked, packed otherwise: the same content.
    fs::remove_file(to.join("one.gz")).unwrap();
    fs::write(to.join("one"), content("one")).unwrap();
    fs::write(to.join("two.gz"), gzip(&content("two"), 1)).unwrap();
    gotten(&set, &host.origin(), &to);
    assert_eq!(host.asked(), []);
}

#[test]
fn what_is_wrong_is_fetched_again_and_kept_aside() {
    let (dir, (set, files)) = (tempfile::tempdir().unwrap(), pair());
    let host = Host::of(files.clone(), true);
    // A scenario would read the plain file, whatever is beside it.
    fs::write(dir.path().join("one"), "no digits").unwrap();
    let cut = &files[1].1[..1000];
    fs::write(dir.path().join("two.gz"), cut).unwrap();
    let said = gotten(&set, &host.origin(), dir.path());
    insta::assert_snapshot!(still(&said, &[dir.path()], &[&host]), @r"
    DIR0/one: expected SHA-256 eda5c6062ea65d4d2937457191640979582f36ff2b4e68428ec6c7c228d5cdd8, found 3c2c84df0d02f0cc20978fe36ec099e5b5d9214f4d658b108c18d48ad17f77c1; to be replaced
    DIR0/two.gz: cannot be unpacked: incomplete deflate stream; to be replaced
    one.gz: 100.04 kB from HOST0
    one: kept as DIR0/one.wrong
    two.gz: kept as DIR0/two.gz.wrong
    two.gz: 100.04 kB from HOST0
    ");
    assert_eq!(
        names(dir.path()),
        ["one.gz", "one.wrong", "two.gz", "two.gz.wrong"]
    );
    assert_eq!(fs::read(dir.path().join("two.gz.wrong")).unwrap(), cut);
}

#[test]
fn a_part_is_gone_on_with() {
    let (set, files) = pair();
    let part = &files[0].1[..40_000];
    for ranges in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let host = Host::of(files.clone(), ranges);
        fs::write(dir.path().join("one.gz.part"), part).unwrap();
        let said = gotten(&set, &host.origin(), dir.path());
        let asked = [
            ("one.gz".to_owned(), Some(40_000)),
            ("two.gz".to_owned(), None),
        ];
        assert_eq!(host.asked(), asked);
        assert_eq!(
            said.contains("cannot resume; from the beginning"),
            !ranges,
            "{said}"
        );
        assert_eq!(names(dir.path()), ["one.gz", "two.gz"]);
    }
    // All of it arrived, and then the process was killed.
    let dir = tempfile::tempdir().unwrap();
    let host = Host::of(files.clone(), true);
    fs::write(dir.path().join("one.gz.part"), &files[0].1).unwrap();
    gotten(&set, &host.origin(), dir.path());
}

#[test]
fn a_part_of_another_file_is_given_up() {
    let (set, files) = pair();
    let dir = tempfile::tempdir().unwrap();
    let host = Host::of(files, true);
    fs::write(dir.path().join("one.gz.part"), [7; 50_000]).unwrap();
    let said = gotten(&set, &host.origin(), dir.path());
    assert!(
        said.contains("the part that was there does not fit"),
        "{said}"
    );
    let asked = host.asked();
    assert_eq!(
        asked[..2],
        [("one.gz".into(), Some(50_000)), ("one.gz".into(), None)]
    );
}

#[test]
fn a_connection_that_ends_early_is_opened_again() {
    let (set, files) = pair();
    let dir = tempfile::tempdir().unwrap();
    let host = Host::new(move |stream, path, from| {
        let (_, bytes) = files.iter().find(|(name, _)| name == path).unwrap();
        match from {
            None => whole(stream, bytes, 30_000),
            Some(from) => rest(stream, bytes, from, bytes.len().min(from + 40_000)),
        }
    });
    gotten(&set, &host.origin(), dir.path());
    let froms: Vec<_> = host.asked().into_iter().map(|(_, from)| from).collect();
    let starts = [None, Some(30_000), Some(70_000)];
    assert_eq!(froms, [starts, starts].concat());
}

#[test]
fn a_host_that_never_gets_on_leaves_the_part() {
    let (set, files) = pair();
    let dir = tempfile::tempdir().unwrap();
    let served = files.clone();
    let host = Host::new(move |stream, _, from| match from {
        None => whole(stream, &served[0].1, 30_000),
        Some(from) => rest(stream, &served[0].1, from, from),
    });
    let said = refused(&set, &host.origin(), dir.path());
    insta::assert_snapshot!(still(&said, &[dir.path()], &[&host]), @r"
    one.gz: no host gives it
      http://HOST0/one.gz
        the connection ended after 30000 of 100038 bytes: the host closed it; DIR0/one.gz.part is kept, and the same command goes on from there
    --from URL takes another mirror, --from FOLDER a folder with the files.
    ");
    assert_eq!(
        fs::read(dir.path().join("one.gz.part")).unwrap(),
        files[0].1[..30_000]
    );
    gotten(&set, &Host::of(files, true).origin(), dir.path());
}

#[test]
fn another_host_is_asked_if_one_has_not_got_the_file() {
    let (set, files) = pair();
    let dir = tempfile::tempdir().unwrap();
    let page = Host::new(|stream, _, _| whole(stream, b"<html>Log in", 12));
    let none = Host::of(Vec::new(), true);
    let good = Host::of(files, true);
    let hosts = |hosts: &[&Host]| Origin::Hosts(hosts.iter().map(|h| h.url.clone()).collect());
    let said = refused(&set, &hosts(&[&none, &page]), dir.path());
    insta::assert_snapshot!(still(&said, &[dir.path()], &[&none, &page]), @r"
    one.gz: no host gives it
      http://HOST0/one.gz
        the host answers 404, not found: the file is not at this URL
      http://HOST1/one.gz
        expected SHA-256 fe9f20b9ebb0fe042a9d99eb9a8f1d10e08981a431f70fffddfd7b0c0b5146b3, found 80c76479aad0e3fb22266b9ef5ae85374ffbfee4cedb461a668d59b8142b698d; it is a web page, as of a login or a proxy; it is kept as DIR0/one.gz.wrong
    --from URL takes another mirror, --from FOLDER a folder with the files.
    ");
    assert_eq!(
        fs::read(dir.path().join("one.gz.wrong")).unwrap(),
        b"<html>Log in"
    );
    gotten(&set, &hosts(&[&none, &page, &good]), dir.path());
    assert_eq!(good.asked().len(), 2);
}

#[test]
fn a_host_that_cannot_be_reached_is_named() {
    let (set, _) = pair();
    let dir = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let origin = Origin::Hosts(vec![format!("http://{closed}/")]);
    let said = refused(&set, &origin, dir.path()).replace(&closed.to_string(), "HOST");
    // What the system says of it differs.
    assert!(
        said.starts_with("one.gz: no host gives it\n  http://HOST/one.gz\n    cannot reach HOST: ")
    );
    assert!(said.ends_with(
        "\nWithout a network, bring the files from elsewhere and give their folder: --from FOLDER. \
         With one, --from URL takes a mirror."
    ));
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn more_than_a_file_can_have_is_not_taken() {
    let (set, _) = pair();
    let dir = tempfile::tempdir().unwrap();
    let host = Host::new(|stream, _, _| whole(stream, &[7; 3_000_000], 3_000_000));
    let said = refused(&set, &host.origin(), dir.path());
    assert!(
        said.contains("the host sends more than 1048576 bytes, which is not the file"),
        "{said}"
    );
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn an_archive_is_unpacked_and_not_kept() {
    let (set, files) = archived(&content("two"));
    let dir = tempfile::tempdir().unwrap();
    let host = Host::of(files.clone(), true);
    let said = gotten(&set, &host.origin(), dir.path());
    insta::assert_snapshot!(still(&said, &[dir.path()], &[&host]), @r"
    all.tar.gz: 200.37 kB from HOST0
    two: unpacked
    one: unpacked
    ");
    assert_eq!(names(dir.path()), ["one", "two"]);
    assert_eq!(fs::read(dir.path().join("two")).unwrap(), content("two"));

    // Of what is there nothing is unpacked again, and an archive that is there is not fetched.
    fs::remove_file(dir.path().join("one")).unwrap();
    fs::write(dir.path().join("all.tar.gz"), &files[0].1).unwrap();
    host.asked();
    let said = gotten(&set, &host.origin(), dir.path());
    assert!(
        said.contains("two: there and right") && said.contains("one: unpacked"),
        "{said}"
    );
    assert_eq!(host.asked(), []);
    assert_eq!(names(dir.path()), ["all.tar.gz", "one", "two"]);

    // As the archive itself unpacks.
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join("inner")).unwrap();
    for name in ["one", "two"] {
        fs::write(other.path().join("inner").join(name), content(name)).unwrap();
    }
    gotten(&set, &host.origin(), other.path());
    assert_eq!(host.asked(), []);
}

#[test]
fn what_an_archive_holds_is_checked_too() {
    let (set, files) = archived(b"no photographs");
    let dir = tempfile::tempdir().unwrap();
    let host = Host::of(files, true);
    let said = refused(&set, &host.origin(), dir.path());
    insta::assert_snapshot!(still(&said, &[dir.path()], &[&host]), @"two, from DIR0/all.tar.gz: expected SHA-256 b5581c9458e93ae3056c3721b2a13331daa0a7b65e925c13c8ac05413775eed1, found 2e2095ce5c7fa687cdf3ba4a60a0198b6eff3d6c9f50142d36d5c5665aa18323; it is kept as DIR0/two.part");
    assert!(!dir.path().join("two").exists());
}

#[test]
fn a_folder_gives_what_a_host_would() {
    let content = ["one", "two"].map(content);
    let (pair, packed) = pair();
    let (archive, tar) = archived(&content[1]);
    for (set, files) in [
        (&pair, packed.clone()),
        (
            &pair,
            vec![("one".into(), content[0].clone()), packed[1].clone()],
        ),
        (&archive, tar),
        (
            &archive,
            vec![("one".into(), content[0].clone()), packed[1].clone()],
        ),
        (
            &archive,
            vec![
                ("inner/one".into(), content[0].clone()),
                ("inner/two".into(), content[1].clone()),
            ],
        ),
    ] {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(from.path().join("inner")).unwrap();
        for (name, bytes) in &files {
            fs::write(from.path().join(name), bytes).unwrap();
        }
        let origin = Origin::parse(from.path().to_str().unwrap()).unwrap();
        gotten(set, &origin, to.path());
        assert!(
            names(to.path())
                .iter()
                .all(|name| name.starts_with("one") || name.starts_with("two"))
        );
        for (name, bytes) in &files {
            assert_eq!(&fs::read(from.path().join(name)).unwrap(), bytes);
        }
    }
}

#[test]
fn a_folder_that_lacks_files_or_has_others_says_so() {
    let (set, files) = pair();
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let origin = Origin::parse(from.path().to_str().unwrap()).unwrap();
    let mut said = vec![refused(&set, &origin, to.path())];
    fs::write(from.path().join("two.gz"), &files[0].1).unwrap();
    said.push(refused(&set, &origin, to.path()));
    fs::write(from.path().join("one"), content("one")).unwrap();
    said.push(refused(&set, &origin, to.path()));
    let (set, _) = archived(b"");
    fs::remove_file(from.path().join("one")).unwrap();
    fs::remove_file(from.path().join("two.gz")).unwrap();
    said.push(refused(&set, &origin, to.path()));
    fs::write(from.path().join("all.tar.gz"), b"").unwrap();
    said.push(refused(&set, &origin, to.path()));
    insta::assert_snapshot!(still(&said.join("\n\n"), &[from.path(), to.path()], &[]), @r"
    DIR0: these files are not there, plain or .gz: one, two

    DIR0: these files are not there, plain or .gz: one
    DIR0/two.gz: expected SHA-256 862ec7429cb74cfcc77ac0c430c0f8802d3ca204eec4637c67a87ae35ef88096, found fe9f20b9ebb0fe042a9d99eb9a8f1d10e08981a431f70fffddfd7b0c0b5146b3

    DIR0/two.gz: expected SHA-256 862ec7429cb74cfcc77ac0c430c0f8802d3ca204eec4637c67a87ae35ef88096, found fe9f20b9ebb0fe042a9d99eb9a8f1d10e08981a431f70fffddfd7b0c0b5146b3

    DIR0: these files are not there, plain or .gz: all.tar.gz, or what is inside: one, two

    DIR0/all.tar.gz: expected SHA-256 ecfaa3f783e5c23595dcf133079e4fef53565e80d0440ded32081294f9201a2e, found e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    ");
    assert_eq!(names(to.path()), [""; 0]);
    for given in ["ftp://somewhere/", "no such folder"] {
        let error = Origin::parse(given).unwrap_err().to_string();
        let expected = "expected http://..., https://... or a folder that is there";
        assert_eq!(error, format!("--from {given}: {expected}"));
    }
}

#[test]
fn places_that_cannot_be_written_are_named() {
    let (set, files) = pair();
    let host = Host::of(files, true);
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    for to in ["file", "file/deeper"] {
        let to = dir.path().join(to);
        let said = refused(&set, &host.origin(), &to);
        let reason = "a file is where a folder should be; take another folder with --to DIR";
        assert_eq!(said, format!("{}: {reason}", to.display()));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let (set, files) = pair();
    let host = Host::of(files, true);
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", dir.path().join("one.gz.part")).unwrap();
    let said = refused(&set, &host.origin(), dir.path());
    insta::assert_snapshot!(still(&said, &[dir.path()], &[]), @"DIR0/one.gz.part: the disk is full; make room and give the same command, which goes on from what is there, or take another folder with --to DIR");
}

#[test]
fn two_at_once_do_not_write_one_file() {
    let (set, files) = pair();
    let host = Host::of(files, true);
    let dir = tempfile::tempdir().unwrap();
    let other = fs::File::create(dir.path().join("one.gz.part")).unwrap();
    other.lock().unwrap();
    let said = refused(&set, &host.origin(), dir.path());
    assert!(
        said.ends_with("another process is fetching this file; wait until it has ended"),
        "{said}"
    );
    drop(other);
    gotten(&set, &host.origin(), dir.path());
}

fn apical(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apical"));
    command.args(arguments).env_remove("APICAL_DATA");
    command
}

/// Ctrl-C in the middle of a file that comes slowly.
#[cfg(unix)]
#[test]
fn an_interrupt_leaves_the_part() {
    let host = Host::new(|stream, _, _| {
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 9912422\r\n\r\n")?;
        loop {
            stream.write_all(&[7; 100])?;
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let mut command = apical(&["data", "get", "mnist", "--from", &host.url]);
    command
        .current_dir(dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let part = dir
        .path()
        .join("data/mnist/train-images-idx3-ubyte.gz.part");
    let started = Instant::now();
    while fs::metadata(&part).map_or(0, |data| data.len()) < 300 {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "nothing arrives"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    child.stderr.unwrap().read_to_string(&mut said).unwrap();
    assert!(
        said.ends_with("the same command goes on from there\n"),
        "{said}"
    );
    let kept = fs::read(&part).unwrap();
    assert!(kept.len() >= 300 && kept.iter().all(|&byte| byte == 7));
}

#[test]
fn the_command_says_what_it_knows_and_where_files_go() {
    let dir = tempfile::tempdir().unwrap();
    let said = |command: &mut Command| {
        let output = command.current_dir(dir.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let text = [output.stdout, output.stderr].concat();
        still(&String::from_utf8(text).unwrap(), &[dir.path()], &[])
    };
    let here = ["data", "get", "fashion-mnist", "--from", "."];
    let mut with_variable = apical(&here);
    with_variable.env("APICAL_DATA", dir.path().join("sets"));
    let all = [
        said(&mut apical(&["data", "get", "mnits"])),
        said(&mut apical(&["data", "get", "imagenet"])),
        said(&mut apical(&[
            "data",
            "get",
            "mnist",
            "--from",
            "ftp://host",
        ])),
        said(&mut apical(&here)),
        said(&mut with_variable),
        said(apical(&here).args(["--to", "there"])),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    error: there is no data set `mnits`; did you mean `mnist`?

    error: there is no data set `imagenet`; expected one of `mnist`, `fashion-mnist`, `cifar10`

    error: --from ftp://host: expected http://..., https://... or a folder that is there

    fashion-mnist, pieces of clothing: 4 files of 30.88 MB, into data/fashion-mnist
    error: .: these files are not there, plain or .gz: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte

    fashion-mnist, pieces of clothing: 4 files of 30.88 MB, into DIR0/sets/fashion-mnist
    error: .: these files are not there, plain or .gz: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte

    fashion-mnist, pieces of clothing: 4 files of 30.88 MB, into there
    error: .: these files are not there, plain or .gz: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte
    ");
}
