//! Sizes from which work is divided among threads.
//!
//! To wake a thread takes some tens of microseconds; smaller work is done by the calling thread.
//! These sizes are compared with shapes and with numbers of senders alone, never with times or with
//! the number of threads, so results are the same bytes for any number of threads. How work is
//! divided stands where it is done. Some sums are added in another order when they are divided:
//! another size here may change the last bits of results.

/// Number of values of a pass over single elements. Such passes are limited by memory.
pub const VALUES: usize = 1 << 16;

/// Number of sent values that are compared with the values sent before, per thread.
pub const SENT_VALUES: usize = 1 << 15;

/// Number of neurons, counted in each trial, whose compartments are updated. Fewer than
/// [`VALUES`], since an update reads and writes up to 14 values of a neuron.
pub const NEURONS: usize = 1 << 15;

/// Number of synapses, senders times receiving neurons, that are read or changed column by column.
pub const SYNAPSES: usize = 1 << 16;

/// Number of synapses of a projection in a weight update. With fewer, waking threads costs more
/// time than it saves.
pub const UPDATED_SYNAPSES: usize = 1 << 17;

/// Number of multiplications of a matrix product, per thread: about 0.1 ms.
pub const MULTIPLICATIONS: usize = 1 << 22;
