//! Extraction of files from a gzip-compressed tar archive.

use std::io::{self, Read};
use std::path::{Component, Path};

use flate2::read::MultiGzDecoder;
use tar::Archive;

use super::description::Held;
use super::error::DataSetError;

/// Calls `each` for the `wanted` files in the `folder` of an archive. Names in the archive are not
/// used for writing.
///
/// # Errors
/// A damaged archive, a path that leads out of it, a missing file, and errors of `each`.
pub(super) fn unpack(
    archive: &Path,
    folder: &str,
    wanted: &[&Held],
    mut each: impl FnMut(&Held, &mut dyn Read) -> Result<(), DataSetError>,
) -> Result<(), DataSetError> {
    let damaged = |error: io::Error| wrong(archive, error.to_string(), "a whole .tar.gz archive");
    let file = crate::files::open(archive).map_err(DataSetError::reading(archive))?;
    let mut entries = Archive::new(MultiGzDecoder::new(io::BufReader::new(file)));
    let mut missing = wanted.to_vec();
    for entry in entries.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path().map_err(damaged)?.into_owned();
        let names: Vec<Component> = (path.components())
            .filter(|component| *component != Component::CurDir)
            .collect();
        if !names
            .iter()
            .all(|name| matches!(name, Component::Normal(_)))
        {
            let found = format!("the path {:?}", path.display().to_string());
            return Err(wrong(archive, found, "paths that stay within the folder"));
        }
        let is =
            |held: &&Held| names == [folder, &held.name].map(|n| Component::Normal(n.as_ref()));
        let Some(position) = missing.iter().position(is) else {
            continue;
        };
        if !entry.header().entry_type().is_file() {
            let found = format!("{}, which is a link or a folder", path.display());
            return Err(wrong(archive, found, "a file of that name"));
        }
        each(missing.swap_remove(position), &mut entry)?;
    }
    match missing.first() {
        None => Ok(()),
        Some(held) => {
            let found = format!("no {folder}/{}", held.name);
            Err(wrong(archive, found, "a file of that name"))
        }
    }
}

fn wrong(archive: &Path, found: String, expected: &str) -> DataSetError {
    DataSetError::Archive {
        archive: archive.to_owned(),
        found,
        expected: expected.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::unpack;
    use crate::data::fetch::Held;
    use crate::data::formats::file::tests::gzip;
    use std::collections::BTreeMap;

    /// An archive with the given paths, types and contents.
    fn tar(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, kind, content) in entries {
            let mut header = tar::Header::new_ustar();
            // Written by hand, as the crate refuses to write paths that lead out of the archive.
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            if kind.is_symlink() {
                header.set_link_name("elsewhere").unwrap();
            }
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.tar.gz");
        std::fs::write(&path, bytes).unwrap();
        let held = ["one", "two"].map(|name| Held {
            name: name.into(),
            sha256: String::new(),
        });
        let mut found = BTreeMap::new();
        let outcome = unpack(&path, "folder", &held.each_ref(), |held, reader| {
            let mut content = Vec::new();
            reader.read_to_end(&mut content).unwrap();
            found.insert(held.name.clone(), content);
            Ok(())
        });
        let here = format!("{}/", dir.path().display());
        outcome
            .map(|()| found)
            .map_err(|error| error.to_string().replace(&here, ""))
    }

    use tar::EntryType::{Directory, Regular, Symlink};

    #[test]
    fn what_is_wanted_is_found_wherever_it_stands() {
        let bytes = tar(&[
            ("folder", Directory, b""),
            ("folder/readme.html", Regular, b"page"),
            ("./folder/two", Regular, b"2"),
            ("elsewhere/one", Regular, b"no"),
            ("folder/one", Regular, b"1"),
        ]);
        let found = unpacked(&gzip(&bytes)).unwrap();
        assert_eq!(
            found,
            [("one", "1"), ("two", "2")]
                .map(|(n, c)| (n.into(), c.into()))
                .into()
        );
    }

    #[test]
    fn what_an_archive_should_not_hold_is_refused() {
        let one = ("folder/one", Regular, &b"1"[..]);
        let whole = gzip(&tar(&[one, ("folder/two", Regular, b"2")]));
        let said: Vec<String> = [
            gzip(&tar(&[one, ("../two", Regular, b"2")])),
            gzip(&tar(&[one, ("folder/../../two", Regular, b"2")])),
            gzip(&tar(&[one, ("/folder/two", Regular, b"2")])),
            gzip(&tar(&[one, ("folder/two", Symlink, b"")])),
            gzip(&tar(&[one, ("folder/two", Directory, b"")])),
            gzip(&tar(&[one])),
            whole[..whole.len() / 2].to_vec(),
            b"<html>".to_vec(),
        ]
        .iter()
        .map(|bytes| unpacked(bytes).unwrap_err())
        .collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        a.tar.gz: found the path "../two", expected paths that stay within the folder
        a.tar.gz: found the path "folder/../../two", expected paths that stay within the folder
        a.tar.gz: found the path "/folder/two", expected paths that stay within the folder
        a.tar.gz: found folder/two, which is a link or a folder, expected a file of that name
        a.tar.gz: found folder/two, which is a link or a folder, expected a file of that name
        a.tar.gz: found no folder/two, expected a file of that name
        a.tar.gz: found incomplete deflate stream, expected a whole .tar.gz archive
        a.tar.gz: found unexpected end of file, expected a whole .tar.gz archive
        "#);
    }
}
