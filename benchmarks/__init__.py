"""How fast and how right, always against something: a peer or a limit of the same run.

Each module holds benchmarks; ``python -m benchmarks`` finds them all.
"""
