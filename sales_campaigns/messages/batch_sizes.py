"""How many mails of a bulk lane are gated at once."""

from __future__ import annotations

MADE_AT_ONCE = 96 * 1024 * 1024  # bytes of mails that one process holds while it hands them over
GATED_AT_ONCE = 100  # before anything is known of the server, and never more than take a second
GATED_AT_MOST = 1_000  # of one batch, once one has shown that they take less than their share of a second
SECOND = 1.0


def first_size(batches: int) -> int:
    """How many of the first batch, where so many `batches` are let through at a time."""
    return GATED_AT_ONCE // batches


def next_size(mails: int, size: int, seconds: float, batches: int) -> int:
    """How many like these `mails`, of `size` bytes in all, which took so long: never more than memory is meant to hold.

    The rule: a bulk lane gates at most what takes one second to write and hand over. It is that of all `batches` which
    are let through at a time, and so is the memory.
    """
    fit = MADE_AT_ONCE * mails // size if size else GATED_AT_MOST
    quick = int(mails * SECOND / seconds) if seconds else GATED_AT_MOST
    return max(1, min(fit // batches, quick // batches, GATED_AT_MOST))
