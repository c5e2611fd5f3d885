//! The program as its users meet it: run in a folder of its own; what it writes, says and leaves behind.

mod commands;
mod faults;
mod golden;
mod interruptions;
mod place;
mod presets;
mod results;
mod same_chance;
mod sweep;
mod timing;
