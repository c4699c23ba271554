"""The commands of `python -m training` besides training itself, a module each.

A module has `add(commands)`, which adds its parser and sets `run` to what does the work: options in,
exit status out. It imports what is heavy only once it runs.
"""
