"""The simulated company: an embedded default whose causes and true probabilities are known.

``simulate`` writes the tables of the contract as a company would export them, and the
truth beside them in a folder of its own. The customers live in a pure monthly kernel;
the tables are written from what happened. Nothing here knows a metric, a feature or a
model.
"""

from __future__ import annotations

from warehouse.simulate.company import simulate

__all__ = ["simulate"]
