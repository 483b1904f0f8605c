//! Connected pairs of a projection, written out one by one from the text of the model.

use apical::connectivity::{Sides, WiringKind};
use apical::description::model::{Model, Per, Population, Projection};
use apical::engine::Simulation;

/// Pairs of a projection and the weights that they have.
#[derive(Clone, Debug)]
pub struct Wires {
    /// Rows and columns of the array of weights; `n columns + m` is the number of the weight in row
    /// `n` and column `m`.
    pub array: (usize, usize),
    /// Receiver, sender, and number of the weight.
    pub pairs: Vec<(usize, usize, usize)>,
    /// True if several pairs have one weight.
    pub is_shared: bool,
    /// True if weights are a matrix of post x pre.
    pub is_all_to_all: bool,
    /// Windows of a pool to the largest value, and true if values pass from the windows back.
    pub pool: Option<(Vec<Vec<usize>>, bool)>,
    /// True for mean pools, whose weight is not learned.
    pub is_mean: bool,
}

impl Wires {
    fn of(array: (usize, usize), pairs: Vec<(usize, usize, usize)>) -> Self {
        Self {
            array,
            pairs,
            is_shared: false,
            is_all_to_all: false,
            pool: None,
            is_mean: false,
        }
    }

    /// Every sender with every receiver.
    pub fn all_to_all((post, pre): (usize, usize)) -> Self {
        let of = |i: usize| (0..pre).map(move |j| (i, j, i * pre + j));
        Self {
            is_all_to_all: true,
            ..Self::of((post, pre), (0..post).flat_map(of).collect())
        }
    }

    /// The bias of a population.
    pub fn bias(population: &Population, per: Per) -> Self {
        if per == Per::Neuron {
            return Self::all_to_all((population.size, 1));
        }
        let lengths = population.shape.expect("channels").lengths().to_vec();
        let each = lengths[1] * lengths[2];
        let pairs = (0..population.size).map(|i| (i, 0, i / each)).collect();
        Self {
            is_shared: true,
            ..Self::of((lengths[0], 1), pairs)
        }
    }

    /// The same pairs with sender and receiver exchanged.
    fn reversed(mut self) -> Self {
        for (i, j, _) in &mut self.pairs {
            std::mem::swap(i, j);
        }
        if let Some((_, back)) = &mut self.pool {
            *back = true;
        }
        self
    }

    /// The pairs of a projection of `model`; those that are drawn are read from `simulation`.
    pub fn projection(model: &Model, simulation: &Simulation, p: &Projection) -> Self {
        let post = model.arrangement(&p.to).expect("a population");
        let pre = model.arrangement(&p.from).expect("a population");
        let shape = (post.size(), pre.size());
        let transports = |name: &String| {
            let rule = model.synapses[name].rule.as_deref();
            matches!(rule, Some("transport" | "predictive_coding"))
        };
        let is_tied = p.compartment == apical::neuron::Compartment::Apical
            && p.synapse.as_ref().is_some_and(transports);
        if p.wiring == WiringKind::Reciprocal || is_tied {
            let source = model.reciprocal(p).expect("a way up");
            let source = Self::projection(model, simulation, source);
            return match source.is_all_to_all {
                true => Self::all_to_all(shape),
                false => source.reversed(),
            };
        }
        let (channels, high, wide) = image(post.lengths());
        let (of_channels, height, width) = image(pre.lengths());
        let receiver = |o: usize, y: usize, x: usize| (o * high + y) * wide + x;
        let sender = |c: usize, y: usize, x: usize| (c * height + y) * width + x;
        match &p.wiring {
            WiringKind::AllToAll => Self::all_to_all(shape),
            WiringKind::OneToOne => {
                Self::of((shape.0, 1), (0..shape.0).map(|n| (n, n, n)).collect())
            }
            WiringKind::Random { .. } | WiringKind::Pairs(_) => {
                let connectivity = simulation.connectivity(&p.name()).expect("it is there");
                let mut pairs = Vec::new();
                for j in 0..shape.1 {
                    for i in 0..shape.0 {
                        if let Some(at) = connectivity.place(i, j) {
                            // In the order of senders and then of receivers.
                            assert_eq!(at, [pairs.len(), 0]);
                            pairs.push((i, j, pairs.len()));
                        }
                    }
                }
                Self::of((pairs.len(), 1), pairs)
            }
            WiringKind::Convolution {
                kernel: Sides([rows, columns]),
                stride: Sides([down, right]),
                padding: Sides([above, left]),
            }
            | WiringKind::Local {
                kernel: Sides([rows, columns]),
                stride: Sides([down, right]),
                padding: Sides([above, left]),
            } => {
                let is_shared = matches!(p.wiring, WiringKind::Convolution { .. });
                let taps = of_channels * rows * columns;
                let kernels = if is_shared { 1 } else { high * wide };
                let mut pairs = Vec::new();
                for (o, y, x) in every(channels, high, wide) {
                    for (c, dy, dx) in every(of_channels, *rows, *columns) {
                        let (row, column) = (y * down + dy, x * right + dx);
                        let within = (*above..above + height).contains(&row)
                            && (*left..left + width).contains(&column);
                        if within {
                            let kernel = if is_shared { 0 } else { y * wide + x };
                            let tap = (c * rows + dy) * columns + dx;
                            pairs.push((
                                receiver(o, y, x),
                                sender(c, row - above, column - left),
                                o * kernels * taps + kernel * taps + tap,
                            ));
                        }
                    }
                }
                Self {
                    is_shared,
                    ..Self::of((channels, kernels * taps), pairs)
                }
            }
            WiringKind::MaxPool { kernel, stride } | WiringKind::MeanPool { kernel, stride } => {
                let Sides([rows, columns]) = *kernel;
                let Sides([down, right]) = stride.unwrap_or(*kernel);
                let windows: Vec<Vec<usize>> = every(channels, high, wide)
                    .map(|(c, y, x)| {
                        every(1, rows, columns)
                            .map(|(_, dy, dx)| sender(c, y * down + dy, x * right + dx))
                            .collect()
                    })
                    .collect();
                if matches!(p.wiring, WiringKind::MaxPool { .. }) {
                    return Self {
                        pool: Some((windows, false)),
                        ..Self::of((0, 0), Vec::new())
                    };
                }
                let of = |(i, window): (usize, &Vec<usize>)| -> Vec<_> {
                    window.iter().map(|j| (i, *j, 0)).collect()
                };
                Self {
                    is_shared: true,
                    is_mean: true,
                    ..Self::of((1, 1), windows.iter().enumerate().flat_map(of).collect())
                }
            }
            WiringKind::Reciprocal => unreachable!("returned above"),
        }
    }

    /// Weights of each neuron, or of each kernel that several neurons share.
    pub fn groups(&self, post: usize) -> Vec<Vec<usize>> {
        let (rows, columns) = self.array;
        if self.is_shared {
            let row = |row: usize| (0..columns).map(|column| row * columns + column).collect();
            return (0..rows).map(row).collect();
        }
        let mut groups = vec![Vec::new(); post];
        self.pairs.iter().for_each(|(i, _, n)| groups[*i].push(*n));
        groups
    }
}

/// Channels, height and width.
fn image(lengths: &[usize]) -> (usize, usize, usize) {
    match lengths {
        [channels, height, width] => (*channels, *height, *width),
        [height, width] => (1, *height, *width),
        _ => (1, 1, lengths[0]),
    }
}

fn every(a: usize, b: usize, c: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..a * b * c).map(move |n| (n / (b * c), n / c % b, n % c))
}
