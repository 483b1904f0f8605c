//! Sparse wiring: a weight for each pair that is connected, and none for the others.

use std::sync::Arc;

use ndarray::ArrayView2;

use super::structure::{Bundle, Numbers, Structure};

/// Pairs in the order of senders and then of receivers; each has its own weight.
///
/// Memory per synapse: 4 bytes for the receiver and, reversed, 4 for the place of the weight; with
/// the weight and its carry, 12 and 16 bytes.
#[derive(Clone, Debug)]
pub struct Sparse {
    receivers: usize,
    /// For each sender, the index of its first synapse; then the number of synapses.
    starts: Arc<[usize]>,
    /// Receiver of each synapse.
    neurons: Arc<[u32]>,
    /// Place of the weight of each synapse; `None` if weights are in the order of synapses.
    places: Option<Arc<[u32]>>,
}

/// Largest number of synapses of a sparse projection, so that their places fit into 32 bits.
pub const MOST_SYNAPSES: usize = u32::MAX as usize;

impl Sparse {
    /// The structure with these pairs of receiver and sender, each at most once; `pairs` is called
    /// twice and has to give the same pairs.
    ///
    /// # Panics
    /// For a neuron that does not exist, and for more than [`MOST_SYNAPSES`] pairs.
    #[must_use]
    pub fn new<I>((receivers, senders): (usize, usize), pairs: impl Fn() -> I) -> Self
    where
        I: Iterator<Item = (u32, u32)>,
    {
        let mut starts = vec![0usize; senders + 1];
        for (receiver, sender) in pairs() {
            assert!((receiver as usize) < receivers, "receivers exist");
            starts[sender as usize + 1] += 1;
        }
        for sender in 0..senders {
            starts[sender + 1] += starts[sender];
        }
        assert!(starts[senders] <= MOST_SYNAPSES, "synapses are counted");
        let mut next = starts.clone();
        let mut neurons = vec![0u32; starts[senders]];
        for (receiver, sender) in pairs() {
            let place = &mut next[sender as usize];
            neurons[*place] = receiver;
            *place += 1;
        }
        for sender in 0..senders {
            neurons[starts[sender]..starts[sender + 1]].sort_unstable();
        }
        Self {
            receivers,
            starts: starts.into(),
            neurons: neurons.into(),
            places: None,
        }
    }

    /// The structure with listed pairs, synapses x (receiver, sender), in the order of their
    /// weights.
    ///
    /// # Errors
    /// A description of a pair of a neuron that does not exist, or of a pair that is listed twice.
    pub fn listed(
        (receivers, senders): (usize, usize),
        pairs: ArrayView2<'_, u32>,
    ) -> Result<Self, String> {
        let mut order: Vec<(u32, u32, u32)> = (pairs.rows().into_iter().zip(0..))
            .map(|(pair, place)| (pair[1], pair[0], place))
            .collect();
        order.sort_unstable();
        let outside = |&&(sender, receiver, _): &&(u32, u32, u32)| {
            receiver as usize >= receivers || sender as usize >= senders
        };
        if let Some((sender, receiver, _)) = order.iter().find(outside) {
            return Err(format!("the pair {receiver}, {sender}"));
        }
        let same = |two: &&[(u32, u32, u32)]| two[0].0 == two[1].0 && two[0].1 == two[1].1;
        if let Some(twice) = order.windows(2).find(same) {
            return Err(format!("the pair {}, {} twice", twice[0].1, twice[0].0));
        }
        let mut sparse = Self::new((receivers, senders), || {
            order
                .iter()
                .map(|(sender, receiver, _)| (*receiver, *sender))
        });
        let in_order = order.iter().zip(0..).all(|((.., place), n)| *place == n);
        if !in_order {
            sparse.places = Some(order.iter().map(|(.., place)| *place).collect());
        }
        Ok(sparse)
    }
}

impl Structure for Sparse {
    fn shape(&self) -> (usize, usize) {
        (self.receivers, self.starts.len() - 1)
    }

    fn parameters(&self) -> (usize, usize) {
        (self.neurons.len(), 1)
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn bundles(&self, sender: usize, visit: &mut dyn FnMut(Bundle<'_>)) {
        let synapses = self.starts[sender]..self.starts[sender + 1];
        if synapses.is_empty() {
            return;
        }
        visit(Bundle {
            neurons: Numbers::Listed(&self.neurons[synapses.clone()]),
            parameters: match &self.places {
                Some(places) => Numbers::Listed(&places[synapses.clone()]),
                None => Numbers::Progression {
                    first: synapses.start,
                    step: 1,
                },
            },
            len: synapses.len(),
        });
    }

    fn reversed(&self) -> Arc<dyn Structure> {
        let senders = self.starts.len() - 1;
        let mut starts = vec![0usize; self.receivers + 1];
        for receiver in &*self.neurons {
            starts[*receiver as usize + 1] += 1;
        }
        for receiver in 0..self.receivers {
            starts[receiver + 1] += starts[receiver];
        }
        let mut next = starts.clone();
        let (mut neurons, mut places) = (
            vec![0u32; self.neurons.len()],
            vec![0u32; self.neurons.len()],
        );
        for sender in 0..senders {
            for synapse in self.starts[sender]..self.starts[sender + 1] {
                let to = &mut next[self.neurons[synapse] as usize];
                neurons[*to] = sender as u32;
                places[*to] = match &self.places {
                    Some(places) => places[synapse],
                    None => synapse as u32,
                };
                *to += 1;
            }
        }
        Arc::new(Self {
            receivers: senders,
            starts: starts.into(),
            neurons: neurons.into(),
            places: Some(places.into()),
        })
    }

    fn bytes(&self) -> usize {
        let places = self.places.as_ref().map_or(0, |places| places.len());
        size_of::<usize>() * self.starts.len() + 4 * (self.neurons.len() + places)
    }

    fn synapses(&self) -> usize {
        self.neurons.len()
    }
}
