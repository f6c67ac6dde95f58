"""Sentiment: what people at the account say when asked, and when they stay silent.

Reads ``surveys``, one row a question put to one person. An answer is known when it is
given; silence is an answer too, and often the unhappier one. What the account's own CSM
thinks of it is in `pulses`.
"""

from __future__ import annotations

import pandas as pd

from features.declare import Aggregate, Domain, Finished, Rows, Source

sentiment = Domain("sentiment", Source("surveys"), family="sentiment")


@sentiment.trailing(365, unit="points", riskier=-1)
def nps_mean(t: Rows) -> Aggregate:
    """Mean likelihood to recommend, 0 to 10."""
    return t.mean(t.score, where=t.kind == "nps")


@sentiment.state(unit="points", riskier=-1)
def nps_last(t: Rows) -> Aggregate:
    """Last likelihood to recommend, 0 to 10."""
    return t.latest(t.score, where=(t.kind == "nps") & ~t.score.is_null())


@sentiment.trailing(365, unit="points", riskier=-1)
def nps_lowest(t: Rows) -> Aggregate:
    """Lowest likelihood to recommend, 0 to 10."""
    return t.min(t.score, where=t.kind == "nps")


@sentiment.trailing(365, unit="answers", empty=0, riskier=1)
def detractors(t: Rows) -> Aggregate:
    """Answers of 6 or less on likelihood to recommend."""
    return t.count(where=(t.kind == "nps") & (t.score <= 6))


@sentiment.trailing(180, unit="points", riskier=-1)
def csat_mean(t: Rows) -> Aggregate:
    """Mean satisfaction, 1 to 5."""
    return t.mean(t.score, where=t.kind == "csat")


@sentiment.state(unit="points", riskier=-1)
def csat_usual(t: Rows) -> Aggregate:
    """Mean of all answers on satisfaction, 1 to 5."""
    return t.mean(t.score, where=t.kind == "csat")


@sentiment.state(unit="points", riskier=-1)
def csat_last(t: Rows) -> Aggregate:
    """Last satisfaction, 1 to 5."""
    return t.latest(t.score, where=(t.kind == "csat") & ~t.score.is_null())


@sentiment.trailing(365, unit="points", riskier=-1)
def ces_mean(t: Rows) -> Aggregate:
    """Mean ease of getting help, 1 to 7."""
    return t.mean(t.score, where=t.kind == "ces")


@sentiment.state(unit="points", riskier=-1)
def ces_last(t: Rows) -> Aggregate:
    """Last ease of getting help, 1 to 7."""
    return t.latest(t.score, where=(t.kind == "ces") & ~t.score.is_null())


@sentiment.trailing(180, 365, unit="share", riskier=1)
def surveys_unanswered(t: Rows) -> Aggregate:
    """Share of surveys left unanswered."""
    return t.share(t.answered_at.is_null())


@sentiment.trailing(365, unit="answers", empty=0, riskier=-1)
def answers_given(t: Rows) -> Aggregate:
    """Answers to surveys."""
    return t.count(where=~t.answered_at.is_null())


@sentiment.trailing(365, unit="people", empty=0)
def people_asked(t: Rows) -> Aggregate:
    """People asked."""
    return t.distinct(t.contact_id)


@sentiment.trailing(365, unit="people", empty=0, riskier=-1)
def people_answering(t: Rows) -> Aggregate:
    """People who answered a survey."""
    return t.distinct(t.contact_id, where=~t.answered_at.is_null())


@sentiment.trailing(365, unit="hours", riskier=1)
def survey_hours(t: Rows) -> Aggregate:
    """Median time until a survey is answered."""
    return t.median(t.days_between(t.sent_at, t.answered_at) * 24)


@sentiment.state(unit="days", riskier=1)
def days_since_answer(t: Rows) -> Aggregate:
    """Days since the last answer to a survey."""
    return t.days_since(t.answered_at)


@sentiment.state(unit="days")
def days_since_asked(t: Rows) -> Aggregate:
    """Days since the last survey was sent."""
    return t.days_since(t.sent_at)


@sentiment.state(unit="days", riskier=-1)
def days_since_detractor(t: Rows) -> Aggregate:
    """Days since an answer of 6 or less on likelihood to recommend."""
    return t.days_since(t.answered_at, where=(t.kind == "nps") & (t.score <= 6))


@sentiment.derived(unit="points", riskier=-1)
def nps_change(f: Finished) -> pd.Series[float]:
    """Last likelihood to recommend less the mean of the account's own year."""
    return f.nps_last - f.nps_mean_365d


@sentiment.derived(unit="points", riskier=-1)
def nps_against_peers(f: Finished) -> pd.Series[float]:
    """Mean likelihood to recommend of the year less that of accounts of similar ARR and age."""
    return f.nps_mean_365d - f.typical.nps_mean_365d


@sentiment.derived(unit="points", riskier=1)
def nps_disagreement(f: Finished) -> pd.Series[float]:
    """Mean likelihood to recommend of the year less the lowest answer in it."""
    return f.nps_mean_365d - f.nps_lowest_365d


@sentiment.derived(unit="points", riskier=-1)
def csat_change(f: Finished) -> pd.Series[float]:
    """Last satisfaction less the account's usual one."""
    return f.csat_last - f.csat_usual


@sentiment.derived(unit="points", riskier=-1)
def ces_change(f: Finished) -> pd.Series[float]:
    """Last ease of getting help less the mean of the account's own year."""
    return f.ces_last - f.ces_mean_365d


@sentiment.derived(unit="share", riskier=1)
def silence_change(f: Finished) -> pd.Series[float]:
    """Share of surveys unanswered, last 180 days less the account's own year."""
    return f.surveys_unanswered_180d - f.surveys_unanswered_365d


@sentiment.derived(unit="share", riskier=-1)
def voices(f: Finished) -> pd.Series[float]:
    """Share of the people asked in the last 365 days who answered."""
    return f.people_answering_365d / f.people_asked_365d


@sentiment.derived(unit="days", riskier=1)
def silent_stretch(f: Finished) -> pd.Series[float]:
    """Days from the last answer to the last survey sent after it."""
    return (f.days_since_answer - f.days_since_asked).clip(lower=0)
