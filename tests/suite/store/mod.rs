//! Use cases on a real database, each on SQLite and on PostgreSQL.

mod access;
mod lists;
mod model;
mod plans;
mod reading;
mod recording;
mod schema;
