"""Billing: whether the account pays, and how late.

Reads ``invoices``. A payment or a failed attempt is known when it happens.
"""

from __future__ import annotations

from features.declare import CONTEXT, Aggregate, Domain, Rows, Source

billing = Domain("billing", Source("invoices"), family="billing")


@billing.trailing(365, unit="invoices", empty=0, family=CONTEXT)
def invoices_issued(t: Rows) -> Aggregate:
    """Invoices issued."""
    return t.count()


@billing.trailing(90, 365, unit="invoices", empty=0, riskier=1)
def payments_failed(t: Rows) -> Aggregate:
    """Invoices with a failed payment."""
    return t.count(where=~t.failed_at.is_null())


@billing.state(unit="invoices", empty=0, riskier=1)
def invoices_overdue(t: Rows) -> Aggregate:
    """Invoices overdue."""
    return t.count(where=t.paid_at.is_null() & (t.due_on < t.cutoff))


@billing.state(unit="money", empty=0, riskier=1)
def amount_overdue(t: Rows) -> Aggregate:
    """Amount overdue."""
    return t.sum(t.amount, where=t.paid_at.is_null() & (t.due_on < t.cutoff))


@billing.trailing(365, unit="share", riskier=1)
def paid_late(t: Rows) -> Aggregate:
    """Share of due invoices paid late or not yet."""
    due = t.due_on < t.cutoff
    return t.share(t.paid_at.is_null() | (t.paid_at > t.due_on), of=due)


@billing.state(unit="days", riskier=1)
def oldest_overdue(t: Rows) -> Aggregate:
    """Days the oldest unpaid invoice is past due."""
    return t.days_since_first(t.due_on, where=t.paid_at.is_null() & (t.due_on < t.cutoff))
