//! `apical data`: public data sets.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::MultiProgress;

use super::{INTERRUPTED, counted, say, stop_on_interrupt};
use crate::data::fetch::{DataSet, DataSetError, Origin, Progress, get, is_in, known};
use crate::data::formats::file::data_dir;
use crate::description::document::unknown;
use crate::terminal::{Bytes, stderr, stdout};

/// Public data sets.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Get the files of a data set into a folder, and check them
    Get(Get),
}

#[derive(clap::Args, Debug)]
struct Get {
    /// mnist, fashion-mnist or cifar10
    name: String,
    /// A mirror, or a folder with the files, packed or not [default: the official hosts]
    #[arg(long, value_name = "URL-OR-FOLDER")]
    from: Option<String>,
    /// Folder of the files [default: NAME in the folder APICAL_DATA, or data/NAME]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// An unknown data set; [`DataSetError`].
pub fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let Command::Get(wanted) = &arguments.command;
    let sets = known();
    let Some(set) = sets.iter().find(|set| set.name == wanted.name) else {
        let names = sets.iter().map(|set| set.name.as_str());
        return Err(unknown("data set", &wanted.name, names).into());
    };
    let origin = match &wanted.from {
        Some(given) => Origin::parse(given)?,
        None => Origin::Hosts(set.hosts.clone()),
    };
    let to = match &wanted.to {
        Some(to) => to.clone(),
        None => usual(set)?,
    };
    let files = counted(set.downloads.len() as u64, "file");
    let bytes = Bytes(set.downloads.iter().map(|download| download.bytes).sum());
    let (name, about) = (&set.name, &set.about);
    say(
        stdout(),
        &format!(
            "{name}, {about}: {files} of {bytes}, into {}\n",
            to.display()
        ),
    );
    let stop = stop_on_interrupt("stopping; what has arrived is being kept")?;
    let progress = Progress::new(std::io::stdout(), MultiProgress::new());
    match get(set, &origin, &to, &progress, &stop) {
        Err(DataSetError::Stopped) => {
            say(stderr(), &format!("{}\n", DataSetError::Stopped));
            Ok(ExitCode::from(INTERRUPTED))
        }
        outcome => {
            outcome?;
            say(
                stdout(),
                &format!(
                    "all files are there and right\n\napical run {} --data {}\n",
                    set.scenario,
                    quoted(&to)
                ),
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Folder in which scenarios search a data set: its folder in that of `APICAL_DATA`, or the latter
/// if it contains the files; without the variable, a folder in the current directory.
fn usual(set: &DataSet) -> Result<PathBuf, DataSetError> {
    match data_dir(None) {
        Some(directory) if is_in(set, &directory)? => Ok(directory),
        Some(directory) => Ok(directory.join(&set.name)),
        None => Ok(Path::new("data").join(&set.name)),
    }
}

/// A path, quoted for a shell if necessary.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/\\._-+:@%,=~".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;
    use std::path::Path;

    #[test]
    fn paths_with_spaces_and_quotes_are_quoted() {
        for (path, shown) in [
            ("data/mnist", "data/mnist"),
            ("my data", "'my data'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(quoted(Path::new(path)), shown);
        }
    }
}
