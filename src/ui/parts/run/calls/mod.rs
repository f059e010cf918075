mod axis;
mod pages;
