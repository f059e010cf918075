//! Use cases on a real database, each on SQLite and on PostgreSQL.

mod access;
mod bulk;
mod lists;
mod model;
mod numbers;
mod plans;
mod reading;
mod recording;
mod schema;
