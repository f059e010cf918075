//! Use cases on a real database, each on SQLite and on PostgreSQL.

mod access;
mod agent_form;
mod agents;
mod bulk;
mod bulk_jobs;
mod failures;
mod fleet;
mod lists;
mod memories;
mod model;
mod moments;
mod numbers;
mod plans;
mod reading;
mod recording;
mod schema;
mod views;
