mod exec;
mod import_export;
