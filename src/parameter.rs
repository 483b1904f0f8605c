//! Parameters with names, defaults and ranges; symbols, which are names without quotes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A parameter that can be set in a model or a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Name in files.
    pub name: &'static str,
    /// Value if the file gives none.
    pub default: f64,
    /// Smallest and largest permitted value.
    pub range: (f64, f64),
    /// Unit and meaning.
    pub meaning: &'static str,
}

impl Parameter {
    /// A parameter with its name, default, range, unit and meaning.
    #[must_use]
    pub const fn new(
        name: &'static str,
        default: f64,
        range: (f64, f64),
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            default,
            range,
            meaning,
        }
    }
}

/// Values of declared parameters, with every default filled in.
#[derive(Clone, Debug)]
pub struct Parameters(BTreeMap<&'static str, f64>);

impl Parameters {
    /// The given values, and defaults for the others; undeclared names are omitted.
    #[must_use]
    pub fn of(declared: &[Parameter], given: &BTreeMap<String, f64>) -> Self {
        let value = |p: &Parameter| given.get(p.name).copied().unwrap_or(p.default);
        Self(declared.iter().map(|p| (p.name, value(p))).collect())
    }

    /// Value of a declared parameter.
    ///
    /// # Panics
    /// For a name that is not declared.
    #[must_use]
    pub fn get(&self, name: &str) -> f32 {
        self.double(name) as f32
    }

    /// As [`Parameters::get`], in double precision.
    ///
    /// # Panics
    /// For a name that is not declared.
    #[must_use]
    pub fn double(&self, name: &str) -> f64 {
        let value = self.0.get(name).copied();
        value.unwrap_or_else(|| panic!("`{name}` is not a declared parameter"))
    }
}

impl fmt::Display for Parameters {
    /// `(first: 1, second: 0.5)`; nothing if there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        let values = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}: {value}"));
        write!(f, "({})", values.collect::<Vec<_>>().join(", "))
    }
}

/// A name that is written without quotes in a file, such as a variable or a transfer function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(&'static str);

/// Symbols read from files, each stored once.
static READ: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

impl Symbol {
    /// Symbol with this name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Symbol of a name that was read from a file; it is stored until the program ends.
    #[must_use]
    pub fn read(name: &str) -> Self {
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = read.get(name).copied().unwrap_or_else(|| {
            let kept: &'static str = Box::leak(name.into());
            read.insert(kept);
            kept
        });
        Self(kept)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit_variant("Symbol", 0, self.0)
    }
}

impl<'de> Deserialize<'de> for Symbol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Symbol;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name without quotes")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Symbol, E> {
                Ok(Symbol::read(name))
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}
