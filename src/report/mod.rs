//! What a run leaves behind, and the story of one of its accounts.

pub mod story;
