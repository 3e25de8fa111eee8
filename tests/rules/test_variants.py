"""Who gets which variant: stable for each person, in the shares of the weights, moving nobody who need not move."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.campaigns.variants import VariantDraft, next_letter, share, variant_for

EMAILS = [f"person{n}@example{n % 7}.com" for n in range(2000)]


def variants(*weights: int) -> list[VariantDraft]:
    return [VariantDraft("ABCDE"[n], wording_id=n + 1, weight=weight) for n, weight in enumerate(weights)]


def given_to(found: list[VariantDraft], email: str, kept: str = "", step: str = "s1") -> str:
    one = variant_for(step, found, email, kept)
    return one.key if one else ""


weights = st.lists(st.integers(1, 100), min_size=2, max_size=5)
emails = st.emails()


def test_a_step_without_variants_says_the_same_to_everybody() -> None:
    assert variant_for("s1", [], "maria@example.com") is None


@given(weights, emails)
def test_it_is_stable_for_each_person_however_the_address_is_written(found: list[int], email: str) -> None:
    assert given_to(variants(*found), email) == given_to(variants(*found), email.upper())


@pytest.mark.parametrize("found", [(50, 50), (90, 10), (20, 30, 50), (1, 1, 1, 1, 1)])
def test_many_people_fall_into_the_shares_of_the_weights(found: tuple[int, ...]) -> None:
    offered = variants(*found)
    counted = Counter(given_to(offered, email) for email in EMAILS)
    for one in offered:
        assert counted[one.key] / len(EMAILS) == pytest.approx(share(one, offered), abs=0.04)


@given(weights, st.integers(1, 100), emails)
def test_one_more_variant_takes_people_only_for_itself(found: list[int], weight: int, email: str) -> None:
    before = variants(*found)
    added = VariantDraft("Z", wording_id=99, weight=weight)
    assert given_to([*before, added], email) in {given_to(before, email), "Z"}


@given(weights, emails)
def test_a_variant_that_is_stopped_gives_up_its_own_people_and_no_others(
    found: list[int], email: str
) -> None:
    before = variants(*found)
    after = [replace(one, stopped=one.key == "A") for one in before]
    was, now = given_to(before, email), given_to(after, email)
    assert now == was if was != "A" else now not in {"A", ""}


def test_a_mail_that_is_scheduled_keeps_its_variant_if_that_still_exists() -> None:
    found = variants(50, 50)
    other = {"A": "B", "B": "A"}[given_to(found, "maria@example.com")]
    assert given_to(found, "maria@example.com", kept=other) == other
    stopped = [replace(one, stopped=one.key == other) for one in found]
    assert given_to(stopped, "maria@example.com", kept=other) != other


def test_two_steps_draw_apart() -> None:
    found = variants(50, 50)
    same = sum(given_to(found, email) == given_to(found, email, step="s2") for email in EMAILS)
    assert 0.45 < same / len(EMAILS) < 0.55


@pytest.mark.parametrize(("used", "letter"), [([], "A"), (["A"], "B"), (["A", "C"], "D"), (["Z"], "")])
def test_a_letter_is_never_used_twice(used: list[str], letter: str) -> None:
    assert next_letter(used) == letter


def test_what_is_stopped_has_no_share_of_who_is_still_to_come() -> None:
    one, other = variants(30, 70)
    assert share(other, [one, other]) == pytest.approx(0.7)
    stopped = replace(one, stopped=True)
    assert [share(each, [stopped, other]) for each in (stopped, other)] == [0.0, 1.0]
