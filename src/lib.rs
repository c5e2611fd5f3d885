//! A discrete-event simulator of billing policies for pay-per-use APIs: what happens to revenue, cash, bad debt, refused
//! requests and customers if you bill another way?
//!
//! The rooms, from the ground up; each knows only those above it in this list:
//!
//! | room | what is in it |
//! | --- | --- |
//! | [`money`] | whole nano-dollars, shares, rounding by name |
//! | [`time`] | whole microseconds, the civil calendar |
//! | [`stopwatch`] | how long the work itself takes, by the clock on the wall |
//! | [`rng`] | a random stream for each purpose, account, cohort and replication |
//! | [`statistics`] | moments, confidence intervals, paired differences, ratios, precision, quantiles |
//! | [`document`] | TOML read key by key: every fault with its place, every default written down, a schema of it all |
//! | [`request`] | what a request uses, and why one is refused |
//! | [`tariff`] | what a request costs |
//! | [`metering`] | when usage is known, and what a request is assumed to cost until then |
//! | [`account`] | an account as its policy sees it |
//! | [`wallet`] | an account's money, and the double-entry books behind it |
//! | [`workload`] | arrivals, token counts, traces; how payments fare; who the customers are |
//! | [`policy`] | the trait, its events and commands, one file for each policy |
//! | [`engine`] | one account under one policy: events, their order, the loop; what others may listen to |
//! | [`metrics`] | listens to the engine, and names every figure once |
//! | [`scenario`] | a whole scenario file, checked, with every default |
//! | [`experiment`] | replications of a scenario under all its policies |
//! | [`sweep`] | a scenario with many values of a few keys, and the best of them |
//! | [`report`] | CSV files, plots, the page, the terminal table, the story of one account |
//! | [`cli`] | arguments to calls |
//!
//! What is not there: a policy sees neither the engine, the books, random numbers nor another account, and the engine
//! names no policy: only `policy/mod.rs` does. Only `wallet` changes balances. Only `report` and `cli` write files. No
//! wall clock, hash order or thread count reaches a result.

pub mod account;
pub mod cli;
pub mod document;
pub mod engine;
pub mod experiment;
pub mod metering;
pub mod metrics;
pub mod money;
pub mod policy;
pub mod report;
pub mod request;
pub mod rng;
pub mod scenario;
pub mod statistics;
pub mod stopwatch;
pub mod sweep;
pub mod tariff;
pub mod time;
pub mod wallet;
pub mod workload;
