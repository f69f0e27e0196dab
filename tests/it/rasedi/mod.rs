//! The door of S3, as a merchant's program for Rasedi uses it: the examples of the seed, and what its text says besides.
//!
//! A test named `s3_…` is an example or a section of S3.

mod callbacks;
mod examples;
mod money;
mod refused;
pub mod shop;
mod status;
mod validation;

use shop::{Shop, example};
