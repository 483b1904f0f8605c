//! Random cases beyond the fixed ones: drawn afresh where asked for, kept where they failed.

use std::fmt::Debug;
use std::time::{SystemTime, UNIX_EPOCH};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The cases of a file of `tests/`, one in RON a line; lines that begin with `//` are comments.
pub fn kept<P: DeserializeOwned>(file: &str) -> Vec<P> {
    let path = format!("{}/tests/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    (text.lines().enumerate())
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with("//"))
        .map(|(n, line)| {
            ron::from_str(line).unwrap_or_else(|error| panic!("{path}, line {}: {error}", n + 1))
        })
        .collect()
}

/// Checks as many new cases as the environment variable `APICAL_FRESH_SEEDS` says, none without it.
///
/// They follow from one seed, of the clock or of `APICAL_FRESH_SEED`, which is printed. The
/// smallest case that fails is to become a line of `file`, from where it is checked ever after.
///
/// # Panics
/// If a case fails, or a variable is no whole number.
pub fn fresh<P: Debug + Serialize>(
    file: &str,
    cases: impl Strategy<Value = P>,
    check: impl Fn(&P) -> Result<(), String>,
) {
    let whole = |name: &str| {
        let text = std::env::var(name).ok()?;
        let number = text.parse::<u64>();
        Some(number.unwrap_or_else(|_| panic!("{name}={text} is no whole number")))
    };
    let Some(count) = whole("APICAL_FRESH_SEEDS") else {
        return;
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seed =
        whole("APICAL_FRESH_SEED").unwrap_or_else(|| now.map_or(0, |now| now.as_nanos() as u64));
    // Written past the test's capture: the seed of a run that passes is of interest too.
    let told = format!("{count} fresh cases of {file}: APICAL_FRESH_SEED={seed}\n");
    let _ = std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes());
    let mut runner = TestRunner::new(Config {
        cases: u32::try_from(count).unwrap_or(u32::MAX),
        failure_persistence: None,
        max_shrink_iters: 100,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    });
    let outcome = runner.run(&cases, |case| check(&case).map_err(TestCaseError::fail));
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!(
            "{reason}\nwith APICAL_FRESH_SEED={seed}. To keep this case, add to tests/{file} the line\n{}\n",
            ron::to_string(&case).expect("a case can be written")
        ),
        Err(TestError::Abort(reason)) => panic!("no cases: {reason}"),
    }
}
