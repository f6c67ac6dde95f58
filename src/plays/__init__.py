"""What to do: from scores and facts to the few actions that fit the hours there are.

Signals are plain rules over what was known, playbooks say what is done when,
by whom and for how long, and the work list chooses. Both catalogues are TOML, so
a CS team changes them without touching code. This floor takes frames: it must
not know how a score was trained, where a table came from, or any page.
"""
