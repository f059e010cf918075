//! Server. Commands as groups of processes: started as one, ended as one; and what comes out of them, as lines.
//! `runboard exec` and the engine share it.

pub mod group;
pub mod leftover;
pub mod lines;
