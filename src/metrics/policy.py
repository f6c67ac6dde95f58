"""The settings under which a number is counted, and the words that say so.

Two honest teams get two retention figures from one ledger because they count
under different rules. A rule that can differ is a field here, and each printed
number carries the rule it was counted under.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Policy(BaseModel):
    """How retention is counted.

    ``gap_days``: an account without ARR for this many days of 24 hours, or
    fewer, has continued; longer, it has left. It rules spells, outcomes and the
    search for a following line, not the monthly ledger, which takes each month's
    close as it stands. ``months``: the length of the retention period.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gap_days: int = Field(default=30, ge=0)
    months: int = Field(default=12, ge=1)

    @property
    def name(self) -> str:
        """The rule in words, as printed beside a number.

        >>> Policy().name
        'closed cohort, point to point, 12 months; gap up to 30 days continues'
        """
        return (
            f"closed cohort, point to point, {self.months} months; "
            f"gap up to {self.gap_days} days continues"
        )
