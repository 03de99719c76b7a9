"""Figures: one function per definition, so that an id has one value on every interface.

- `identity`: the id of a figure, readable and complete: it alone is enough to compute it again
- `period`: the value series of a scope over (start, end]
- `money`, `returns`: the functions; `compute` finds them by definition
"""
