"""The facts: a company's own tables, admitted row by row and frozen.

This floor knows tables, columns, types, units, keys and the two clocks (when a
fact happened, when it became known). It must not know any metric, feature,
model or page.
"""
