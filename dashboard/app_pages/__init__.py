"""One module a page; a page reads like a description of itself."""
