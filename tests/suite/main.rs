//! Everything that needs the server: one binary, because linking it is most of the cost.
//! The top modules are the parts that `make test` counts.

mod api;
mod crash;
mod demo;
mod engine;
mod exec;
mod faults;
mod import_export;
mod live;
mod notify;
mod otlp;
mod people;
mod process;
mod store;
mod support;
mod telemetry;
