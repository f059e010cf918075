//! Use cases on a real database, each on SQLite and on PostgreSQL.

mod access;
mod failures;
mod lists;
mod model;
mod moments;
mod plans;
mod recording;
mod schema;
