"""What differs between what was simulated and what happened, and the words for it."""

from __future__ import annotations

from typing import Any

from sales_campaigns.rehearsals.comparing import differences, left_otherwise, sentence


def entry(**other: Any) -> dict[str, Any]:
    known = {"person": "a@x.example", "day": 1, "step": 1, "kind": "message", "at": "2026-11-30T08:00:00Z"}
    return {**known, "zone": "UTC", "follows": None, "moved": [], **other}


def test_equal_is_no_difference() -> None:
    assert differences([entry()], [entry()]) == [] and left_otherwise([entry()], [entry()]) == []


def test_what_did_not_happen_says_why_it_ended() -> None:
    [one] = differences([entry()], [])
    assert sentence(one, "it had ended, replied") == "Did not happen: it had ended, replied."


def test_what_was_not_foreseen_is_told_too() -> None:
    [one] = differences([], [entry()])
    assert sentence(one) == "Happened, and was not foreseen."


def test_another_instant_is_explained_by_what_moved_it() -> None:
    later = entry(at="2026-12-07T08:00:00Z", moved=[{"why": "leave", "from": "2026-11-30T08:00:00+00:00"}])
    [one] = differences([entry()], [later])
    assert one.fields == ("at", "moved") and sentence(one).startswith("Happened at another time: ")


def test_a_mail_that_left_late_is_one_although_its_plan_is_equal() -> None:
    [one] = left_otherwise([entry()], [entry(at="2026-11-30T09:00:00Z")])
    assert one.fields == ("sent",)
