//! Sweeps: a scenario with many values of a few keys.

pub mod grid;
