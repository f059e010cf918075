//! Server. What the fuzz targets share: the reader of OTLP itself, sets of spans made of bytes, and what must hold.
//!
//! The sources are taken in by path rather than as the package `runboard`: the reader needs nothing of the server, and
//! builds in a minute, with any toolchain, where the server with a fuzzer's instrumentation takes a quarter of an hour.

#![allow(dead_code, reason = "the server uses what is not used here")]

#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/otlp/mod.rs"]
pub mod otlp;

#[path = "../../src/app/validate.rs"]
mod validate;

pub mod bodies;
pub mod holds;
pub mod made;
mod record;
mod words;
