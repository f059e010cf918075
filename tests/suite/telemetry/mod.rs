//! What Runboard tells of its own work: figures for Prometheus, and traces for a collector.

mod figures;
mod traces;
