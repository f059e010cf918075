//! Use cases on a real database, each on SQLite and on PostgreSQL.

mod access;
mod lists;
mod model;
mod plans;
mod recording;
mod schema;
mod views;
