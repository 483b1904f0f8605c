//! Check of wirings: shapes at both ends, windows, numbers of random pairs, lists of pairs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;

use crate::circuit::ConnectivityPlan;
use crate::connectivity::{
    Connectivity, Convolution, Density, MOST_SYNAPSES, MaxPool, MeanPool, PerChannel, Random,
    Shape, Sides, Sparse, Windows, WiringKind,
};
use crate::description::document::{Allowed, Issues};
use crate::description::model::{Bias, Model, Per, Population, Projection};
use crate::event::ProjectionId;
use crate::neuron::Compartment;

/// Connected pairs of projections and biases by name. A reversed wiring has the name of the
/// projection with the pairs.
pub(crate) type Wirings = BTreeMap<String, Wired>;

/// Connected pairs as checked.
#[derive(Clone, Debug)]
pub(crate) enum Wired {
    Fixed(Connectivity),
    Random(Random),
    Reversed(String),
}

impl Wired {
    /// The plan, with the number of a projection by its name.
    pub fn plan(&self, number: impl Fn(&str) -> ProjectionId) -> ConnectivityPlan {
        match self {
            Self::Fixed(connectivity) => ConnectivityPlan::Fixed(connectivity.clone()),
            Self::Random(random) => ConnectivityPlan::Random(*random),
            Self::Reversed(source) => ConnectivityPlan::Reversed(number(source)),
        }
    }

    /// Expected number of connected pairs, given those of all projections.
    pub fn synapses(&self, all: &Wirings) -> f64 {
        match self {
            Self::Fixed(connectivity) => connectivity.synapses() as f64,
            Self::Random(random) => random.synapses(),
            Self::Reversed(source) => all.get(source).map_or(0.0, |source| source.synapses(all)),
        }
    }

    /// True if a file of weights is a matrix of post x pre.
    pub fn is_by_pair(&self) -> bool {
        match self {
            Self::Fixed(connectivity) => connectivity.is_by_pair(),
            Self::Random(_) => true,
            Self::Reversed(_) => false,
        }
    }

    /// Shape of a file of weights: the array of weights if several pairs share one or every position
    /// has a kernel, otherwise post x pre.
    pub fn file_shape(&self) -> Option<(usize, usize)> {
        match self {
            Self::Fixed(connectivity) => Some(match connectivity.is_by_pair() {
                true => connectivity.shape(),
                false => connectivity.parameters(),
            }),
            Self::Random(random) => Some(random.shape),
            Self::Reversed(_) => None,
        }
    }
}

/// Connected pairs of a projection or a bias of a checked model that follow from shapes alone.
#[must_use]
pub fn fixed_connectivity(model: &Model, name: &str) -> Option<Connectivity> {
    let mut ignored = Issues::default();
    let biased = model
        .populations
        .iter()
        .find(|p| Bias::name(&p.name) == name);
    if let Some((population, bias)) = biased.and_then(|p| Some((p, p.bias.as_ref()?))) {
        return match of_bias(&mut ignored, "", population, bias) {
            Wired::Fixed(connectivity) => Some(connectivity),
            _ => None,
        };
    }
    let projection = model.projections.iter().find(|p| p.name() == name)?;
    let shapes = (
        model.arrangement(&projection.to)?,
        model.arrangement(&projection.from)?,
    );
    match of_projection(&mut ignored, "", projection, shapes, (model, Path::new("")))? {
        Wired::Fixed(connectivity) => Some(connectivity),
        Wired::Random(_) => None,
        Wired::Reversed(source) => Some(match fixed_connectivity(model, &source)? {
            Connectivity::AllToAll { .. } => {
                Connectivity::all_to_all((shapes.0.size(), shapes.1.size()))
            }
            other => other.reversed(),
        }),
    }
}

/// Connected pairs of a bias.
pub(super) fn of_bias(
    issues: &mut Issues,
    path: &str,
    population: &Population,
    bias: &Bias,
) -> Wired {
    let shape = population.arrangement();
    if bias.per == Per::Channel {
        if shape.lengths().len() == Shape::MOST_AXES {
            return Wired::Fixed(Connectivity::Structured(Arc::new(PerChannel::new(shape))));
        }
        issues.error(
            format!("{path}.per"),
            format!(
                "`{}` has no channels; expected a `shape` of (channels, height, width), or \
                 `per: neuron`",
                population.name
            ),
        );
    }
    Wired::Fixed(Connectivity::all_to_all((shape.size(), 1)))
}

/// Connected pairs of a projection between populations of these shapes, receivers first. Adds an
/// error and returns `None` if the wiring is not possible.
pub(super) fn of_projection(
    issues: &mut Issues,
    path: &str,
    projection: &Projection,
    (post, pre): (Shape, Shape),
    (model, directory): (&Model, &Path),
) -> Option<Wired> {
    let field = format!("{path}.wiring");
    let shape = (post.size(), pre.size());
    let fixed = |structure| Some(Wired::Fixed(Connectivity::Structured(structure)));
    match &projection.wiring {
        WiringKind::AllToAll => Some(Wired::Fixed(Connectivity::all_to_all(shape))),
        WiringKind::OneToOne if shape.0 != shape.1 => {
            let message = format!(
                "`{}` has {} neurons and `{}` {}; expected as many of both",
                projection.from, shape.1, projection.to, shape.0
            );
            issues.error(field, message);
            None
        }
        WiringKind::OneToOne => {
            let pairs = || (0..shape.0 as u32).map(|neuron| (neuron, neuron));
            fixed(Arc::new(Sparse::new(shape, pairs)))
        }
        WiringKind::Random { .. } => random(issues, &field, projection, shape),
        WiringKind::Convolution {
            kernel,
            stride,
            padding,
        }
        | WiringKind::Local {
            kernel,
            stride,
            padding,
        } => {
            let windows = windows(issues, &field, pre, [*kernel, *stride, *padding])?;
            let channels = fits(issues, path, projection, (post, &windows), None)?;
            fixed(Arc::new(match projection.wiring {
                WiringKind::Local { .. } => Convolution::local(windows, channels),
                _ => Convolution::shared(windows, channels),
            }))
        }
        WiringKind::MaxPool { kernel, stride } | WiringKind::MeanPool { kernel, stride } => {
            let none = Sides([0; 2]);
            let stride = stride.unwrap_or(*kernel);
            let windows = windows(issues, &field, pre, [*kernel, stride, none])?;
            let channels = windows.image[0];
            fits(issues, path, projection, (post, &windows), Some(channels))?;
            match projection.wiring {
                WiringKind::MaxPool { .. } => {
                    Some(Wired::Fixed(Connectivity::MaxPool(MaxPool::new(windows))))
                }
                _ => fixed(Arc::new(MeanPool::new(windows))),
            }
        }
        WiringKind::Pairs(file) => match pairs(&directory.join(file), shape) {
            Ok(pairs) => fixed(Arc::new(Sparse::new(shape, || pairs.iter().copied()))),
            Err(message) => {
                issues.error(field, message);
                None
            }
        },
        WiringKind::Reciprocal => match model.reciprocal(projection) {
            Some(source) => Some(Wired::Reversed(source.name())),
            None => {
                issues.error(
                    field,
                    match projection.compartment {
                        Compartment::Basal => {
                            "a basal projection has no reciprocal one; expected this of an apical \
                             projection"
                                .to_owned()
                        }
                        Compartment::Apical => format!(
                            "expected one basal projection from `{}` to `{}` whose pairs are used, \
                             or its name in `reciprocal`",
                            projection.to, projection.from
                        ),
                    },
                );
                None
            }
        },
    }
}

/// Pairs with a weight other than 0 in a file.
pub(super) fn masked(matrix: &Array2<f32>) -> Wired {
    let connected = || {
        let nonzero = matrix.indexed_iter().filter(|(_, weight)| **weight != 0.0);
        nonzero.map(|((post, pre), _)| (post as u32, pre as u32))
    };
    let pairs = Sparse::new(matrix.dim(), connected);
    Wired::Fixed(Connectivity::Structured(Arc::new(pairs)))
}

fn random(
    issues: &mut Issues,
    field: &str,
    projection: &Projection,
    shape: (usize, usize),
) -> Option<Wired> {
    let WiringKind::Random {
        probability,
        in_degree,
        self_connections,
    } = &projection.wiring
    else {
        return None;
    };
    let density = match (*probability, *in_degree) {
        (Some(probability), None) => Density::Probability(probability),
        (None, Some(senders)) => Density::InDegree(senders),
        _ => {
            let message = "expected `probability`, or `in_degree`, the number of senders of each \
                           receiver";
            issues.error(field, message);
            return None;
        }
    };
    let random = Random {
        shape,
        density,
        skips_self: projection.from == projection.to && !self_connections,
    };
    match density {
        Density::Probability(probability) => {
            let within = Allowed::Within(0.0, 1.0);
            issues.number(format!("{field}.probability"), probability, within);
            if !within.permits(probability) {
                return None;
            }
        }
        Density::InDegree(senders) => {
            let most = random.candidates();
            if !(1..=most).contains(&senders) {
                let neurons = if random.skips_self {
                    "other neurons"
                } else {
                    "neurons"
                };
                let message = match most {
                    0 => format!(
                        "`{}` has one neuron and no other to connect it with; expected \
                         `self_connections: true`",
                        projection.from
                    ),
                    _ => format!(
                        "expected 1 to {most} senders, the number of {neurons} in `{}`, found \
                         {senders}",
                        projection.from
                    ),
                };
                issues.error(format!("{field}.in_degree"), message);
                return None;
            }
        }
    }
    if random.synapses() > 0.9 * MOST_SYNAPSES as f64 {
        let message = format!(
            "these are about {:.2e} synapses; expected {:.2e} at most",
            random.synapses(),
            0.9 * MOST_SYNAPSES as f64
        );
        issues.error(field, message);
        return None;
    }
    Some(Wired::Random(random))
}

fn windows(
    issues: &mut Issues,
    field: &str,
    pre: Shape,
    [kernel, stride, padding]: [Sides; 3],
) -> Option<Windows> {
    match Windows::new(pre, kernel.0, stride.0, padding.0) {
        Ok(windows) => Some(windows),
        Err(message) => {
            issues.error(field, message);
            None
        }
    }
}

/// Number of channels of the receivers, if their shape is that of the windows. A pool has the
/// channels of the senders.
fn fits(
    issues: &mut Issues,
    path: &str,
    projection: &Projection,
    (post, windows): (Shape, &Windows),
    expected: Option<usize>,
) -> Option<usize> {
    let [channels, height, width] = post.image();
    let [high, wide] = windows.places;
    if [height, width] == [high, wide] && expected.is_none_or(|expected| expected == channels) {
        return Some(channels);
    }
    let of_channels = expected.map_or("channels".to_owned(), |channels| channels.to_string());
    issues.error(
        format!("{path}.wiring"),
        format!(
            "these windows over `{}` have the shape ({of_channels}, {high}, {wide}), and `{}` is \
             {post}; expected the same shape",
            projection.from, projection.to
        ),
    );
    None
}

/// Pairs of receiver and sender of a CSV file with the columns `post` and `pre`.
fn pairs(path: &Path, (post, pre): (usize, usize)) -> Result<Vec<(u32, u32)>, String> {
    let file = path.display();
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| format!("{file}: {error}; expected a CSV file with `post` and `pre`"))?;
    let header = reader.headers().cloned();
    let header = header.map_err(|error| format!("{file}: {error}; expected a CSV file"))?;
    if header.is_empty() {
        return Err(format!(
            "{file}: the file is empty; expected the columns `post` and `pre`"
        ));
    }
    let column = |name: &str| header.iter().position(|known| known == name);
    let (Some(to), Some(from)) = (column("post"), column("pre")) else {
        let found: Vec<&str> = header.iter().collect();
        return Err(format!(
            "{file}: the columns are {}; expected `post` and `pre`",
            found.join(", ")
        ));
    };
    let mut pairs = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| format!("{file}: {error}"))?;
        let line = row.position().map_or(0, csv::Position::line);
        let index = |column: usize, size: usize| {
            let text = row.get(column).unwrap_or_default();
            let index = text
                .parse::<u32>()
                .ok()
                .filter(|index| (*index as usize) < size);
            index.ok_or_else(|| {
                format!(
                    "{file}, line {line}: found `{text}`; expected the index of a neuron, 0 to {}",
                    size.saturating_sub(1)
                )
            })
        };
        pairs.push((index(to, post)?, index(from, pre)?));
    }
    let mut sorted = pairs.clone();
    sorted.sort_unstable();
    if let Some(twice) = sorted.windows(2).find(|two| two[0] == two[1]) {
        let (post, pre) = twice[0];
        return Err(format!(
            "{file}: the pair of post {post} and pre {pre} is listed twice; expected each pair once"
        ));
    }
    Ok(pairs)
}
