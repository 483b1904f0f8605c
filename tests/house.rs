//! The order of the folders of `src`: each uses those above it in this list and no others.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up.
const ORDER: [&str; 21] = [
    "terminal",
    "machine",
    "files",
    "names",
    "math",
    "parameter",
    "neuron",
    "event",
    "connectivity",
    "plasticity",
    "circuit",
    "engine",
    "data",
    "description",
    "protocol",
    "record",
    "run",
    "inspect",
    "plot",
    "compare",
    "bench",
];

/// Above all folders.
const TOP: [&str; 3] = ["cli", "lib", "main"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().unwrap() != "tests" {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The folders that the code of a file names as `crate::FOLDER`, comments and tests left out.
fn used(text: &str) -> BTreeSet<String> {
    let code = text.split("\n#[cfg(test)]").next().unwrap();
    let lines = code.lines().map(|line| line.split("//").next().unwrap());
    let mut used = BTreeSet::new();
    for line in lines {
        for part in line.split("crate::").skip(1) {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = part.find(|c| !is_name(c)).unwrap_or(part.len());
            used.insert(part[..end].to_owned());
        }
    }
    used
}

#[test]
fn folders_use_only_those_below_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 200, "{}", files.len());
    let place = |name: &str| ORDER.iter().position(|known| *known == name);
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for file in files {
        let inner = file.strip_prefix(&root).unwrap();
        let first = inner.components().next().unwrap().as_os_str();
        let folder = first.to_str().unwrap().trim_end_matches(".rs").to_owned();
        if TOP.contains(&folder.as_str()) {
            continue;
        }
        let Some(own) = place(&folder) else {
            wrong.push(format!(
                "{}: a folder that is not in the list",
                inner.display()
            ));
            continue;
        };
        seen.insert(own);
        for other in used(&fs::read_to_string(&file).unwrap()) {
            let below = place(&other).is_some_and(|other| other <= own);
            if !below && !other.starts_with(char::is_uppercase) {
                wrong.push(format!(
                    "{}: `{other}` stands above `{folder}`",
                    inner.display()
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(seen.len(), ORDER.len(), "a folder of the list is gone");
}

#[test]
fn what_a_file_uses_is_read_from_its_code() {
    let text = "use crate::math::pair;\n// crate::cli\nlet x = crate::run::run(crate::data::x);\n\
                #[cfg(test)]\nmod tests { use crate::plot; }";
    assert_eq!(used(text), ["data", "math", "run"].map(String::from).into());
}
