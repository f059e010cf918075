mod ansi;
mod book;
mod window;
