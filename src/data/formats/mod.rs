//! File formats of data.
//!
//! | module | subject |
//! |---|---|
//! | [`mod@file`] | plain or gzip-compressed bytes, and missing files |
//! | [`table`] | CSV and similar tables |
//! | [`mod@column`], `rows` | columns of a table and their delimiter; its rows, and their limits |
//! | [`idx`], [`cifar`], [`npy`] | formats of MNIST, of CIFAR-10, of NumPy arrays |

pub mod cifar;
pub mod column;
pub mod file;
pub mod idx;
pub mod npy;
mod rows;
pub mod table;
