//! A finished figure: one drawing as vector graphics and as pixels.

use super::error::PlotError;
use super::font;
use super::raster::Raster;
use crate::files;
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{self, ImageHrefResolver, ImageKind, Tree, WriteOptions};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Resolution of the PNG, in dots per inch.
const DOTS_PER_INCH: f32 = 300.0;
/// Units of an SVG per inch, by the standard.
const UNITS_PER_INCH: f32 = 96.0;

/// A figure as an SVG without text elements (all text is paths) and as a PNG of 300 dots per inch.
///
/// The same data give the same bytes on every call.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    svg: String,
    png: Vec<u8>,
}

impl Figure {
    /// Converts an SVG with text, whose images are named by their index in `images`.
    pub(super) fn from_drawing(drawing: &str, images: &[Raster]) -> Result<Self, PlotError> {
        let encoded = images
            .iter()
            .map(|image| image.png().map(Arc::new))
            .collect::<Result<Vec<_>, _>>()?;
        let options = usvg::Options {
            font_family: font::FAMILY.to_owned(),
            fontdb: font::DATABASE.clone(),
            // Nothing outside the drawing is read: no file, no URL.
            image_href_resolver: ImageHrefResolver {
                resolve_data: Box::new(|_, _, _| None),
                resolve_string: Box::new(move |index, _| {
                    let index: usize = index.parse().ok()?;
                    encoded.get(index).cloned().map(ImageKind::PNG)
                }),
            },
            ..Default::default()
        };
        let tree = Tree::from_str(drawing, &options)
            .map_err(|error| PlotError::drawing("turning text into paths", error))?;
        let svg = tree.to_string(&WriteOptions {
            coordinates_precision: 3,
            indent: usvg::Indent::None,
            ..Default::default()
        });
        // The pixels are rendered from the document as written, with rounded numbers.
        let written = Tree::from_str(&svg, &usvg::Options::default())
            .map_err(|error| PlotError::drawing("reading the figure back", error))?;
        let png = pixels(&written)?;
        Ok(Self { svg, png })
    }

    /// SVG document.
    #[must_use]
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// PNG file.
    #[must_use]
    pub fn png(&self) -> &[u8] {
        &self.png
    }

    /// Writes `name.svg` and `name.png` to `directory`, which may be missing; returns their paths.
    ///
    /// Each file is either complete or absent.
    ///
    /// # Errors
    /// [`PlotError::Write`] with the file that cannot be written; [`PlotError::Elsewhere`] for a
    /// name that leads out of `directory`.
    pub fn save(&self, directory: &Path, name: &str) -> Result<[PathBuf; 2], PlotError> {
        if name.contains(['/', '\\']) {
            return Err(PlotError::Elsewhere {
                place: directory.join(name),
                found: "found a name with a slash",
            });
        }
        let write = |extension: &str, bytes: &[u8]| {
            let file = directory.join(format!("{name}.{extension}"));
            fs::create_dir_all(directory)
                .and_then(|()| files::replace(&file, |to| to.write_all(bytes)))
                .map_err(|source| PlotError::Write {
                    file: file.clone(),
                    source,
                })?;
            Ok(file)
        };
        Ok([write("svg", self.svg.as_bytes())?, write("png", &self.png)?])
    }
}

/// PNG of the drawing on a white ground.
fn pixels(tree: &Tree) -> Result<Vec<u8>, PlotError> {
    let scale = DOTS_PER_INCH / UNITS_PER_INCH;
    let side = |length: f32| (length * scale).round() as u32;
    let (width, height) = (side(tree.size().width()), side(tree.size().height()));
    let mut pixmap = Pixmap::new(width, height).ok_or_else(|| {
        PlotError::drawing("rendering pixels", format!("{width} x {height} pixels"))
    })?;
    pixmap.fill(Color::WHITE);
    resvg::render(
        tree,
        Transform::from_scale(scale, scale),
        &mut pixmap.as_mut(),
    );
    pixmap
        .encode_png()
        .map_err(|error| PlotError::drawing("encoding pixels", error))
}
