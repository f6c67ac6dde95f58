"""The numbers and the policies as a page, for those who must agree on them."""

from __future__ import annotations

from collections.abc import Mapping

from metrics.definitions import SUBJECTS
from metrics.entry import Entry
from metrics.policy import PRESETS, Policy

_INTRODUCTION = """\
# Numbers

Made from the registry by `make dictionary`; a test fails when the two differ.

A number without an entry here cannot be printed. `perennial metric NAME --month YYYY-MM` prints
one with its value, its rule and how many it was counted over; `--policy` counts retention by
another's rule and explains the difference to the cent.

## How a line counts

- One that starts or stops within a month counts at the closes in between: from its first instant
  up to, not including, its stop.
- One that overlaps another counts too: an account is worth the sum of its lines. Lines that end
  together (co-term) are one renewal.
- One that was booked late counts from its start, once it is known; a month that was published is
  then restated.
- One that runs for years counts whole, with the ARR of a year; a contracted rise is a line of its
  own or a later price.
- One that is billed by use counts with what is committed; what use adds is no line and no ARR.
- A free one makes no customer. A negative one is a credit against the others of its account,
  which is never worth less than nothing. One that stops before it starts does not count.
- One that ended because its account was taken over is, over all history, a line of the account
  that took it over.

## Whose rule

A policy is one object; `[policy]` in `perennial.toml` sets it, as `policy = "strict"` or field by
field. The pages count ARR by account, while it is served, at fixed rates, so that they tie to the
scores; policies that count other ARR (by parent, at notice, at rates by the month, or only what
came up for renewal) are asked for with `--policy`. These have names:

| policy | retention is |
|---|---|
"""


def glossary(
    subjects: Mapping[str, tuple[Entry, ...]] = SUBJECTS, presets: Mapping[str, Policy] = PRESETS
) -> str:
    """The page in Markdown: every policy with a name, then every number, a section a subject."""
    lines = [_INTRODUCTION.rstrip()]
    lines += [f"| `{name}` | {policy.retention} |" for name, policy in presets.items()]
    words = {**Policy().model_dump(), "retention": "(the policy's rule)"}
    for subject, entries in subjects.items():
        lines += [
            "",
            f"## {subject}",
            "",
            "| number | what it is | counted | for example | target | decides |",
            "|---|---|---|---|---:|---|",
        ]
        for each in entries:
            target = "" if each.target is None else f"{each.target:g}"
            what = f"{each.purpose}<br>= {each.formula}"
            lines.append(
                f"| `{each.name}`<br>{each.title}, {each.unit} | {what} "
                f"| {each.policy.format(**words)} | `{each.example}` | {target} "
                f"| {each.owner}: {each.decision} |"
            )
    return "\n".join(lines) + "\n"
