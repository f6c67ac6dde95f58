"""Sentiment: what people at the account say when asked, and when they stay silent.

Reads ``surveys``. An answer is known when it is given; silence is an answer too.
"""

from __future__ import annotations

from features.declare import Aggregate, Domain, Rows, Source

sentiment = Domain("sentiment", Source("surveys"), family="sentiment")


@sentiment.trailing(365, unit="points", riskier=-1)
def nps_mean(t: Rows) -> Aggregate:
    """Mean likelihood to recommend, 0 to 10."""
    return t.mean(t.score, where=t.kind == "nps")


@sentiment.state(unit="points", riskier=-1)
def nps_last(t: Rows) -> Aggregate:
    """Last likelihood to recommend, 0 to 10."""
    return t.latest(t.score, where=(t.kind == "nps") & ~t.score.is_null())


@sentiment.trailing(365, unit="answers", empty=0, riskier=1)
def detractors(t: Rows) -> Aggregate:
    """Answers of 6 or less on likelihood to recommend."""
    return t.count(where=(t.kind == "nps") & (t.score <= 6))


@sentiment.trailing(180, unit="points", riskier=-1)
def csat_mean(t: Rows) -> Aggregate:
    """Mean satisfaction, 1 to 5."""
    return t.mean(t.score, where=t.kind == "csat")


@sentiment.trailing(365, unit="share", riskier=1)
def surveys_unanswered(t: Rows) -> Aggregate:
    """Share of surveys left unanswered."""
    return t.share(t.answered_at.is_null())


@sentiment.state(unit="days", riskier=1)
def days_since_answer(t: Rows) -> Aggregate:
    """Days since the last answer to a survey."""
    return t.days_since(t.answered_at)
