"""Which draft a mail was, that a rep sent from the own mailbox: the table of the rule, and what always holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.messages.mailbox_drafts.matching import Expected, Match, Seen, Signal, match

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
OURS = Expected(
    id=1,
    send_key="t.1",
    names=frozenset({"<ours@north.example>", "r-1"}),
    thread_id="thread",
    recipient="maria@example.com",
    subject="Prices for Acme",
    opened_at=NOW,
    gone=True,
)
THERE = replace(OURS, gone=False)
OTHER = replace(OURS, id=2, send_key="t.2", names=frozenset({"r-2"}), thread_id="another")
NOTHING = Seen(
    send_key="",
    names=frozenset({"<new@gmail.example>", "m1"}),
    thread_id="new",
    recipients=frozenset({"peter@example.com"}),
    subject="Lunch",
    at=NOW + timedelta(hours=1),
)
TO_MARIA = replace(NOTHING, recipients=frozenset({"boss@example.com", "maria@example.com"}))
SAME = replace(TO_MARIA, subject="Prices for Acme")

TABLE = {
    "1 tag": (replace(NOTHING, send_key="t.1"), [OURS], Match(Signal.TAG, (1,))),
    "1 tag, though the draft is said to be there": (
        replace(NOTHING, send_key="t.1"),
        [THERE],
        Match(Signal.TAG, (1,)),
    ),
    "2 Message-ID": (
        replace(NOTHING, names=frozenset({"<ours@north.example>"})),
        [OURS],
        Match(Signal.NAME, (1,)),
    ),
    "2 immutable id": (replace(NOTHING, names=frozenset({"r-1"})), [THERE], Match(Signal.NAME, (1,))),
    "3 same thread and our draft is gone": (
        replace(NOTHING, thread_id="thread"),
        [OURS],
        Match(Signal.THREAD, (1,)),
    ),
    "3 same thread, our draft is there": (replace(NOTHING, thread_id="thread"), [THERE], None),
    "4 address and subject": (SAME, [OURS], Match(Signal.ADDRESS, (1,))),
    "4 without Re:": (replace(SAME, subject="AW: Re: Prices for Acme"), [OURS], Match(Signal.ADDRESS, (1,))),
    "4 our draft is there": (SAME, [THERE], None),
    "4 sent before it was opened": (replace(SAME, at=NOW - timedelta(hours=1)), [OURS], None),
    "4 two candidates": (SAME, [OURS, OTHER], Match(None, (1, 2))),
    "3 before 4": (replace(SAME, thread_id="another"), [OURS, OTHER], Match(Signal.THREAD, (2,))),
    "1 before 3": (
        replace(SAME, thread_id="another", send_key="t.1"),
        [OURS, OTHER],
        Match(Signal.TAG, (1,)),
    ),
    "3 two candidates": (
        replace(NOTHING, thread_id="thread"),
        [OURS, replace(OTHER, thread_id="thread")],
        Match(None, (1, 2)),
    ),
    "another subject": (TO_MARIA, [OURS], Match(None, (1,))),
    "another subject, nobody waits any more": (TO_MARIA, [replace(OURS, over=True)], None),
    "same subject, nobody waits any more": (SAME, [replace(OURS, over=True)], Match(Signal.ADDRESS, (1,))),
    "another person": (NOTHING, [OURS, OTHER], None),
    "no drafts": (SAME, [], None),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_order_of_the_rule(case: str) -> None:
    mail, drafts, found = TABLE[case]
    assert match(mail, drafts) == found


KEYS = st.sampled_from(["", "t.1", "t.2"])
NAMES = st.frozensets(st.sampled_from(["a", "b", "c"]), max_size=2)
THREADS = st.sampled_from(["", "x", "y"])
SUBJECTS = st.sampled_from(["Prices", "Re: Prices", "Lunch"])
MAILS = st.builds(
    Seen,
    send_key=KEYS,
    names=NAMES,
    thread_id=THREADS,
    recipients=st.frozensets(st.sampled_from(["m@x.example", "p@x.example"])),
    subject=SUBJECTS,
    at=st.sampled_from([NOW - timedelta(days=1), NOW + timedelta(days=1)]),
)
DRAFTS = st.lists(
    st.builds(
        Expected,
        id=st.integers(1, 9),
        send_key=st.sampled_from(["t.1", "t.2"]),
        names=NAMES,
        thread_id=THREADS,
        recipient=st.sampled_from(["m@x.example", "p@x.example"]),
        subject=SUBJECTS,
        opened_at=st.just(NOW),
        gone=st.booleans(),
        over=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda draft: draft.id,
)


@given(MAILS, DRAFTS)
def test_whatever_is_sent_one_draft_at_most_is_closed_and_only_for_a_reason(
    mail: Seen, drafts: list[Expected]
) -> None:
    found = match(mail, drafts)
    if found is not None and found.signal is not None:
        (draft,) = (one for one in drafts if one.id == found.drafts[0])
        assert len(found.drafts) == 1
        assert draft.gone or draft.send_key == mail.send_key or draft.names & mail.names
    if found is not None and found.signal is None:
        assert not any(one.send_key == mail.send_key for one in drafts) or len(found.drafts) > 1
