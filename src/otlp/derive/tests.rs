//! Server. Runs of made-up spans: one test for each thing that emitters do and that would be got wrong.

mod made;
mod sets;
mod traps;
mod traps_across;
