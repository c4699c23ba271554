"""The packaged model: the code that opens it, and the artifacts themselves.

This package knows no web or dashboard framework, and importing it loads nothing:
each module imports the heavy libraries only where they are needed.
"""
