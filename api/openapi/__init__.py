"""The API described for programs, and a page for people."""
