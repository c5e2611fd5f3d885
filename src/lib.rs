//! A discrete-event simulator of billing policies for pay-per-use APIs.

pub mod account;
pub mod document;
pub mod engine;
pub mod experiment;
pub mod metrics;
pub mod money;
pub mod policy;
pub mod report;
pub mod request;
pub mod rng;
pub mod scenario;
pub mod statistics;
pub mod tariff;
pub mod time;
pub mod wallet;
pub mod workload;
