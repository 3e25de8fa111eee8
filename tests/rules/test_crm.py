"""The rules of the CRM, as tables: what a task is called there, and who wins when both sides changed it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.crm.agreement import SHARED, agree, to_write
from sales_campaigns.crm.remedies import (
    LONGEST_PAUSE,
    REMEDIES,
    Category,
    category_of,
    pause_after,
    remedy_of,
)
from sales_campaigns.crm.subjects import LONGEST, check_pattern, subject_of
from sales_campaigns.errors import Invalid

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
EARLIER, LATER = NOON - timedelta(minutes=1), NOON + timedelta(minutes=1)
PLACE = {
    "activity_type": "Call",
    "activity_subject": "Ask\nabout the budget",
    "sales_campaign_name": "Renewals",
    "sales_campaign_day": "5",
    "call_outcome": "",
}


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [
        ("{{activity_subject}}", "Ask about the budget"),
        ("[{{ activity_type }}] {{activity_subject}}", "[Call] Ask about the budget"),
        ("{{sales_campaign_name}}, day {{sales_campaign_day}}", "Renewals, day 5"),
        ("Call {{call_outcome}} {{call_reason}} done", "Call done"),
        ("{{call_outcome}}", "Task"),
        ("x" * 300, "x" * LONGEST),
    ],
)
def test_a_subject_is_the_pattern_filled(pattern: str, subject: str) -> None:
    """The rule: subject pattern with `{{activity_subject}}` and friends (255, no line breaks)."""
    assert subject_of(pattern, PLACE) == subject


@pytest.mark.parametrize("pattern", ["{{unknown}}", "x" * 256])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(Invalid):
        check_pattern(pattern)


@pytest.mark.parametrize(
    ("ours", "agreed", "theirs", "ours_at", "takes", "writes"),
    [
        ("a", "a", "a", EARLIER, None, None),  # an echo
        ("a", "a", "b", EARLIER, "b", None),  # only they changed it
        ("b", "a", "a", EARLIER, None, "b"),  # only we changed it
        ("b", "a", "b", EARLIER, None, None),  # both, to the same
        ("b", "a", "c", EARLIER, "c", None),  # both, they last
        ("b", "a", "c", LATER, None, "b"),  # both, we last
        ("b", "a", "c", NOON, "c", None),  # both at once: theirs
    ],
)
def test_the_newest_word_wins(
    ours: str, agreed: str, theirs: str, ours_at: datetime, takes: str | None, writes: str | None
) -> None:
    """The rule: echoes ignored, newest wins per field."""
    result = agree(
        {"comments": ours}, {"comments": agreed}, {"comments": theirs}, {"comments": ours_at}, NOON
    )
    assert result.take.get("comments") == takes
    after = {"comments": takes if takes is not None else ours}
    assert to_write(after, result.agreed).get("comments") == writes


def test_what_was_ours_and_arrives_late_is_no_wish() -> None:
    result = agree(
        {"comments": "new"}, {"comments": "new"}, {"comments": "old"}, {}, LATER, [{"comments": "old"}]
    )
    assert result.take == {}
    assert to_write({"comments": "new"}, result.agreed) == {"comments": "new"}


@pytest.mark.parametrize(
    "theirs", [{"status": ""}, {"priority": ""}, {"subject": "Theirs"}, {"person": "003"}]
)
def test_what_is_not_theirs_to_say_changes_nothing(theirs: dict[str, str]) -> None:
    """The rule: other statuses leave it alone, Low is ignored, subject edits never come back."""
    ours = {"status": "open", "priority": "normal", "subject": "Ours", "person": ""}
    assert agree(ours, ours, theirs, {}, LATER).take == {}


@pytest.mark.parametrize("ours", ["complete", "gone"])
def test_what_is_over_here_is_not_opened_there(ours: str) -> None:
    result = agree({"status": ours}, {"status": ours}, {"status": "open"}, {}, LATER)
    assert result.take == {}
    assert to_write({"status": ours}, result.agreed) == {"status": ours}


WORDS = st.dictionaries(st.sampled_from(SHARED), st.sampled_from(["a", "b", "c"]))
TIMES = st.dictionaries(st.sampled_from(SHARED), st.sampled_from([EARLIER, NOON, LATER]))


@given(WORDS, WORDS, WORDS, TIMES)
def test_after_one_look_both_sides_are_heading_for_the_same(
    ours: dict[str, str], agreed: dict[str, str], theirs: dict[str, str], times: dict[str, datetime]
) -> None:
    """What is taken here, and what is then written there, make the sides equal in what both speak of."""
    result = agree(ours, agreed, theirs, times, NOON)
    here = {**ours, **result.take}
    there = {**theirs, **to_write(here, result.agreed)}
    for name in here.keys() & theirs.keys():
        assert here[name] == there[name]


def test_every_remedy_is_a_sentence() -> None:
    """The rule: each failed write with category and remedy."""
    assert all(remedy_of(code).endswith(".") for code in [*REMEDIES, "SOMETHING_NEW"])
    assert category_of("SOMETHING_NEW") is Category.OTHER


def test_what_is_intermittent_waits_longer_each_time_and_is_never_given_up() -> None:
    pauses = [pause_after(tries) for tries in range(100)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
