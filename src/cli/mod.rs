//! The command line: one file a command.

pub mod inspect;
pub mod plot;
pub mod run;

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut best: Vec<_> = known
        .map(|k| (strsim::damerau_levenshtein(name, k), k))
        .collect();
    best.sort_unstable();
    best.first()
        .map(|(_, k)| format!("; did you mean `{k}`?"))
        .unwrap_or_default()
}
