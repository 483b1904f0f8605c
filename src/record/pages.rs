//! Pages of a file, checked before decoding: a damaged page is an error, and causes neither a panic
//! nor a request for too much memory.

use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};

/// Pages of one column of a row group, as written by the encoder of recordings.
pub(super) struct Pages {
    pages: Box<dyn PageReader>,
    physical: Type,
    rows: usize,
    dictionary: bool,
}

impl Pages {
    /// Checks `pages` of a column of this type in a row group of `rows` rows.
    pub fn new(pages: Box<dyn PageReader>, physical: Type, rows: usize) -> Self {
        Self {
            pages,
            physical,
            rows,
            dictionary: false,
        }
    }

    fn check(&mut self, page: &Page) -> Result<()> {
        let encoding = page.encoding();
        match (page, encoding) {
            (Page::DictionaryPage { .. }, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) => {
                self.dictionary = true;
                self.plain(page)
            }
            (Page::DataPage { .. }, Encoding::PLAIN) => self.plain(page),
            (Page::DataPage { .. }, Encoding::RLE_DICTIONARY) if self.dictionary => {
                self.fits_rows(page)
            }
            _ => Err(damaged(&format!(
                "a {} encoded as {encoding}",
                page.page_type()
            ))),
        }
    }

    fn fits_rows(&self, page: &Page) -> Result<()> {
        if page.num_values() as usize <= self.rows {
            return Ok(());
        }
        let (values, rows) = (page.num_values(), self.rows);
        Err(damaged(&format!("{values} values in {rows} rows")))
    }

    /// Checks that all values are in the page, one after the other.
    fn plain(&self, page: &Page) -> Result<()> {
        self.fits_rows(page)?;
        let (mut rest, values) = (&page.buffer()[..], page.num_values() as usize);
        let fits = match self.physical {
            Type::INT32 | Type::FLOAT => rest.len() / 4 >= values,
            Type::INT64 | Type::DOUBLE => rest.len() / 8 >= values,
            Type::BYTE_ARRAY => (0..values).all(|_| {
                let after = rest.split_first_chunk().and_then(|(length, text)| {
                    text.get(usize::try_from(u32::from_le_bytes(*length)).ok()?..)
                });
                rest = after.unwrap_or_default();
                after.is_some()
            }),
            _ => false,
        };
        (fits.then_some(())).ok_or_else(|| damaged("values beyond the end of their page"))
    }
}

fn damaged(found: &str) -> ParquetError {
    ParquetError::General(format!("{found}, which no recording has"))
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        page.iter().try_for_each(|page| self.check(page))?;
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
