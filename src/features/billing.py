"""Billing: whether the account pays, how late, and how hard the money is to collect.

Reads ``invoices`` and ``payments``, one row an attempt to collect. A payment or a failed
attempt is known when it happens. An invoice below zero is a credit, and nobody is late
with that.
"""

from __future__ import annotations

import narwhals as nw
import pandas as pd

from features.declare import CONTEXT, Aggregate, Domain, Finished, Rows, Source

billing = Domain("billing", Source("invoices"), family="billing")
payments = billing.reading(Source("payments"))


def _overdue(t: Rows) -> nw.Expr:
    return t.paid_at.is_null() & (t.due_on < t.cutoff)


@billing.trailing(365, unit="invoices", empty=0, family=CONTEXT)
def invoices_issued(t: Rows) -> Aggregate:
    """Invoices issued."""
    return t.count()


@billing.trailing(365, unit="money", empty=0, family=CONTEXT)
def amount_invoiced(t: Rows) -> Aggregate:
    """Amount invoiced, less credits."""
    return t.sum(t.amount)


@billing.trailing(365, unit="money", family=CONTEXT)
def usual_invoice(t: Rows) -> Aggregate:
    """Amount of an invoice, median."""
    return t.median(t.amount, where=t.amount > 0)


@billing.state(unit="money", family=CONTEXT)
def last_invoice(t: Rows) -> Aggregate:
    """Amount of the last invoice."""
    return t.latest(t.amount, where=t.amount > 0)


@billing.trailing(365, unit="invoices", empty=0, riskier=1)
def credits_given(t: Rows) -> Aggregate:
    """Credits given."""
    return t.count(where=t.amount < 0)


@billing.trailing(90, 365, unit="invoices", empty=0, riskier=1)
def payments_failed(t: Rows) -> Aggregate:
    """Invoices with a failed payment."""
    return t.count(where=~t.failed_at.is_null())


@billing.state(unit="invoices", empty=0, riskier=1)
def payments_lost(t: Rows) -> Aggregate:
    """Invoices with a failed payment and not paid since."""
    return t.count(where=~t.failed_at.is_null() & t.paid_at.is_null())


@billing.trailing(365, unit="share", riskier=-1)
def payments_recovered(t: Rows) -> Aggregate:
    """Share of invoices with a failed payment that were paid in the end."""
    return t.share(~t.paid_at.is_null(), of=~t.failed_at.is_null())


@billing.trailing(365, unit="days", riskier=1)
def days_to_recover(t: Rows) -> Aggregate:
    """Days from a failed payment to the money, median."""
    return t.median(t.days_between(t.failed_at, t.paid_at))


@billing.state(unit="days", riskier=-1)
def days_since_failure(t: Rows) -> Aggregate:
    """Days since a payment first failed."""
    return t.days_since(t.failed_at)


@billing.state(unit="invoices", empty=0, riskier=1)
def invoices_overdue(t: Rows) -> Aggregate:
    """Invoices overdue."""
    return t.count(where=_overdue(t))


@billing.state(unit="money", empty=0, riskier=1)
def amount_overdue(t: Rows) -> Aggregate:
    """Amount overdue."""
    return t.sum(t.amount, where=_overdue(t))


@billing.state(unit="days", riskier=1)
def oldest_overdue(t: Rows) -> Aggregate:
    """Days the oldest unpaid invoice is past due."""
    return t.days_since_first(t.due_on, where=_overdue(t))


@billing.trailing(90, 365, unit="share", riskier=1)
def paid_late(t: Rows) -> Aggregate:
    """Share of due invoices paid late or not yet."""
    due = t.due_on < t.cutoff
    return t.share(t.paid_at.is_null() | (t.paid_at > t.due_on), of=due)


@billing.trailing(90, 365, unit="days", riskier=1)
def days_to_pay(t: Rows) -> Aggregate:
    """Days from an invoice to its payment, median."""
    return t.median(t.days_between(t.issued_at, t.paid_at), where=t.amount > 0)


@billing.trailing(90, 365, unit="days", riskier=1)
def longest_delay(t: Rows) -> Aggregate:
    """Days past due at which the latest of the paid invoices was paid."""
    return t.max(t.days_between(t.due_on, t.paid_at), where=t.amount > 0)


@payments.trailing(90, 365, unit="attempts", empty=0, family=CONTEXT)
def attempts(t: Rows) -> Aggregate:
    """Attempts to collect."""
    return t.count()


@payments.trailing(90, 365, unit="invoices", empty=0, family=CONTEXT)
def invoices_tried(t: Rows) -> Aggregate:
    """Invoices that were tried to collect."""
    return t.distinct(t.invoice_id)


@payments.trailing(28, 90, 365, unit="attempts", empty=0, riskier=1)
def attempts_failed(t: Rows) -> Aggregate:
    """Failed attempts to collect."""
    return t.count(where=t.outcome == "failed")


@payments.trailing(90, 365, unit="share", riskier=1)
def failure_rate(t: Rows) -> Aggregate:
    """Share of attempts to collect that failed."""
    return t.share(t.outcome == "failed", of=~t.outcome.is_null())


@payments.state(unit="flag", riskier=1)
def last_attempt_failed(t: Rows) -> Aggregate:
    """Whether the last attempt to collect failed."""
    failed = nw.when(t.outcome == "failed").then(nw.lit(1)).otherwise(nw.lit(0))
    return t.latest(failed, where=~t.outcome.is_null())


@payments.state(unit="days", riskier=-1)
def days_since_paid(t: Rows) -> Aggregate:
    """Days since money was last collected."""
    return t.days_since(t.attempted_at, where=t.outcome == "paid")


@billing.derived(unit="share", riskier=1)
def overdue_share(f: Finished) -> pd.Series[float]:
    """Amount overdue, as a share of ARR."""
    return f.amount_overdue / f.arr_now


@billing.derived(unit="times")
def invoice_change(f: Finished) -> pd.Series[float]:
    """Amount of the last invoice against the usual one of the year."""
    return f.last_invoice / f.usual_invoice_365d


@billing.derived(unit="share", riskier=1)
def paid_late_change(f: Finished) -> pd.Series[float]:
    """Share of due invoices paid late, the last 90 days less the account's own year."""
    return f.paid_late_90d - f.paid_late_365d


@billing.derived(unit="days", riskier=1)
def days_to_pay_change(f: Finished) -> pd.Series[float]:
    """Days from an invoice to its payment, the last 90 days less the account's own year."""
    return f.days_to_pay_90d - f.days_to_pay_365d


@billing.derived(unit="days", riskier=1)
def days_to_pay_against_peers(f: Finished) -> pd.Series[float]:
    """Days from an invoice to its payment, less those of accounts of similar ARR and age."""
    return f.days_to_pay_365d - f.typical.days_to_pay_365d


@billing.derived(unit="attempts", riskier=1)
def attempts_an_invoice(f: Finished) -> pd.Series[float]:
    """Attempts to collect for each invoice tried in the last 90 days."""
    return f.attempts_90d / f.invoices_tried_90d


@billing.derived(unit="share", riskier=1)
def failure_change(f: Finished) -> pd.Series[float]:
    """Share of attempts that failed, the last 90 days less the account's own year."""
    return f.failure_rate_90d - f.failure_rate_365d


@billing.derived(unit="share", riskier=1)
def failure_against_peers(f: Finished) -> pd.Series[float]:
    """Share of attempts that failed in the year, less that of accounts of similar ARR and age."""
    return f.failure_rate_365d - f.typical.failure_rate_365d
