//! Columns of a table and their delimiter, as named in a scenario.

use super::table::known;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Column of the label in a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelColumn {
    /// The last column.
    #[default]
    Last,
    /// The first column.
    First,
    /// The column with this index, counted from 0.
    Index(usize),
    /// The column with this name in the header.
    Name(String),
}

/// A column of a table: a name in its header, for example `"id"`, or an index from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// The column with this name in the header.
    Name(String),
    /// The column with this index, counted from 0.
    Index(usize),
}

impl Column {
    /// Index among `columns` columns; `names` are those of the header, if there is one.
    ///
    /// # Errors
    /// The value found and a description of a correct one.
    pub(super) fn index(
        &self,
        columns: usize,
        names: Option<&[String]>,
    ) -> Result<usize, (String, String)> {
        match (self, names) {
            (Self::Index(index), _) if *index < columns => Ok(*index),
            (Self::Index(index), _) => Err((
                format!("column {index} of {columns}"),
                format!("an index from 0 to {}", columns - 1),
            )),
            (Self::Name(name), None) => Err((
                format!("the name {name:?}"),
                "an index; names of columns need header: true".into(),
            )),
            (Self::Name(name), Some(names)) => {
                let mut same = (0..names.len()).filter(|&index| names[index] == *name);
                match (same.next(), same.count()) {
                    (Some(index), 0) => Ok(index),
                    (None, _) => Err((
                        format!("no column {name:?}"),
                        format!("one of {}", known(names)),
                    )),
                    (Some(_), more) => Err((
                        format!("{} columns {name:?}", more + 1),
                        "a name that one column has, or an index from 0".into(),
                    )),
                }
            }
        }
    }
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<usize> for Column {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Name(name) => serializer.serialize_str(name),
            Self::Index(index) => serializer.serialize_u64(*index as u64),
        }
    }
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Of;
        impl Visitor<'_> for Of {
            type Value = Column;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a column in quotes, or its index from 0")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Column, E> {
                Ok(Column::Name(name.to_owned()))
            }

            fn visit_u64<E: Error>(self, index: u64) -> Result<Column, E> {
                usize::try_from(index).map(Column::Index).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Of)
    }
}

/// Delimiter of the cells of a row: one character, such as `";"` or `"\t"`. Consecutive spaces
/// count as one delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiter(u8);

impl Delimiter {
    /// Delimiter for `character`, if it is valid: an ASCII character that is not part of a number,
    /// a word or a quoted cell.
    #[must_use]
    pub fn new(character: char) -> Option<Self> {
        let none = character.is_ascii_alphanumeric() || "\"'.+-_\r\n".contains(character);
        let byte = u8::try_from(character).ok().filter(u8::is_ascii);
        byte.filter(|_| !none).map(Self)
    }

    pub(super) fn byte(self) -> u8 {
        self.0
    }
}

impl Serialize for Delimiter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&char::from(self.0))
    }
}

impl<'de> Deserialize<'de> for Delimiter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Of;
        impl Visitor<'_> for Of {
            type Value = Delimiter;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one character in quotes, such as \";\" or \"\\t\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Delimiter, E> {
                let mut characters = text.chars();
                (characters.next().filter(|_| characters.next().is_none()))
                    .and_then(Delimiter::new)
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Of)
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, Delimiter, LabelColumn};

    #[test]
    fn columns_and_delimiters_are_read_as_written() {
        let columns: Vec<Column> = ron::from_str("[\"id\", 3]").unwrap();
        assert_eq!(columns, ["id".into(), Column::from(3)]);
        assert_eq!(ron::to_string(&columns).unwrap(), "[\"id\",3]");
        assert!(ron::from_str::<Column>("-1").is_err() && ron::from_str::<Column>("1.5").is_err());
        for text in ["\";\"", "';'"] {
            assert_eq!(ron::from_str::<Delimiter>(text).unwrap(), Delimiter(b';'));
        }
        let tab: Delimiter = ron::from_str("\"\\t\"").unwrap();
        assert_eq!(ron::to_string(&tab).unwrap(), "\"\\t\"");
        for text in [
            "\"\"", "\";;\"", "\"é\"", "\"1\"", "\".\"", "\"\\n\"", "';'",
        ] {
            let read = ron::from_str::<Delimiter>(text);
            assert_eq!(read.is_ok(), text == "';'", "{text}");
        }
        let label: LabelColumn = ron::from_str("name(\"y\")").unwrap();
        assert_eq!(label, LabelColumn::Name("y".into()));
    }
}
