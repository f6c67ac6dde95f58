"""What the system says when it must stop: one family of errors, one exit code each.

The codes are those of ``sysexits.h``, so a scheduler can tell bad data (65) from
a service that may come back (69) or another run in progress (75).
"""

from __future__ import annotations


class Refusal(Exception):
    """The work stopped for a reason a person can act on.

    The message says what was found, where, the rule, and what to do. ``code`` is
    the exit code of the command line.
    """

    code = 65

    @property
    def message(self) -> str:
        return str(self)


class Usage(Refusal):
    """The command was asked for something it does not do."""

    code = 64


class DataRefused(Refusal):
    """The data break a rule of the contract."""

    code = 65


class InputMissing(Refusal):
    """A file, table, column, month or model that is needed is not there."""

    code = 66


class ServiceUnavailable(Refusal):
    """A service or store does not answer, or its file is damaged."""

    code = 69


class CannotWrite(Refusal):
    """A folder or file cannot be written."""

    code = 74


class Locked(Refusal):
    """Another run holds the lock; try later."""

    code = 75
