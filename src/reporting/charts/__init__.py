"""One file a kind of chart: each takes a plain frame and gives a framed figure.

They are imported through :mod:`reporting.figures`.
"""
