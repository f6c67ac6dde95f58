"""How much of what was sold is used, and what was never sold."""

from __future__ import annotations

from metrics.entry import Entry

_USED = (
    "the 28 days before the close; days nobody has use on record are left out, and so are "
    "customers without any on record ever"
)

ADOPTION: tuple[Entry, ...] = (
    Entry(
        "seat_utilisation",
        "Seat utilisation",
        purpose="Say how much of what customers pay for is used on an ordinary day.",
        formula=(
            "mean over customers of min(1, people active on a working day / seats of the "
            "products in use); 0 where none is"
        ),
        unit="share",
        policy=_USED,
        owner="CS leader",
        decision="Help the emptiest before their renewal; sell seats to the fullest.",
        example="(min(1, 12 / 10) + 30 / 50 + 0 / 20) / 3 = 0.5333",
    ),
    Entry(
        "product_breadth",
        "Product breadth",
        purpose="Say how many of the products a customer owns it uses.",
        formula="mean over customers of products used / products owned",
        unit="share",
        policy=_USED,
        owner="CS leader",
        decision="Start the products that were bought and never begun.",
        example="(2 / 4 + 3 / 3) / 2 = 0.75",
    ),
    Entry(
        "whitespace_gaps",
        "Whitespace gaps",
        purpose="Count what could still be sold to the customers there are; n is how many.",
        formula="customers x products that anyone owns, less those owned and those being sold",
        unit="count",
        policy=(
            "owned at the close; each open cross-selling opportunity fills one gap of its account"
        ),
        owner="sales",
        decision="Pick the product and the accounts for the next campaign.",
        example="4 * 5 - 11 - 2 = 7",
    ),
)
