//! File formats of data.
//!
//! | module | subject |
//! |---|---|
//! | [`mod@file`] | plain or gzip-compressed bytes, and files that are not there |
//! | [`table`] | CSV and its relatives |
//! | [`mod@column`], `rows` | columns of a table and what separates them; its rows, and their limits |
//! | [`idx`], [`cifar`], [`npy`] | MNIST's format, CIFAR-10's, arrays of NumPy |

pub mod cifar;
pub mod column;
pub mod file;
pub mod idx;
pub mod npy;
mod rows;
pub mod table;
