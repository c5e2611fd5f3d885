//! Sweeps: a scenario with many values of a few keys, and the best of them.
//!
//! A [`Grid`] says which values, a [`Plan`] what is run for them, a [`Search`] which of them is best.

mod best;
mod goal;
pub mod grid;
mod plan;

pub use best::{Candidate, Edge, Search, Standing, of_all_cohorts};
pub use goal::{Constraint, Goal, Objective};
pub use grid::{Axis, Grid};
pub use plan::{Cell, Plan, Swept};
