"""Pages and commands about addresses that get no mail, and about what servers' answers mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.models import User
from sales_campaigns.messages.feedback.models import BounceRuleRow, UnknownBounce
from sales_campaigns.messages.feedback.qualifying import Answered
from sales_campaigns.messages.feedback.rules import note_unknown
from sales_campaigns.messages.retrying import LIMITS
from sales_campaigns.people.models import Address
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.forms import forms_of

Browse = Callable[[User], Browser]
RULE = {"text": "computer says no", "codes": "554", "failure": "hard", "reason": "refused", "place": "1"}


@pytest.fixture
def three(work: Work, cast: Cast) -> dict[str, int]:
    """In quarantine since today, yesterday and a week ago; address → id."""
    rows = (
        ("new@a.example", "550 5.1.1 nobody here", 0),
        ("mid@a.example", "550 5.7.1 blocked for policy", 1),
        ("old@b.example", "550 5.1.1 nobody here", 7),
    )
    with work() as uow:
        for email, words, days in rows:
            address = a_person(uow, cast.ana, email).address
            assert address is not None
            address.quarantined_at, address.trouble = uow.now - timedelta(days=days), words
        uow.session.flush()
        known = uow.session.execute(sa.select(Address.email, Address.id))
        return {row.email: row.id for row in known}


def quarantined(work: Work) -> set[str]:
    with work() as uow:
        held = sa.select(Address.email).where(Address.quarantined_at.is_not(None))
        return set(uow.session.scalars(held))


class TestQuarantine:
    """Never released except by an administrator, one or in bulk (by error text, domain, dates)."""

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", {"new@a.example", "mid@a.example", "old@b.example"}),
            ("q=nobody", {"new@a.example", "old@b.example"}),
            ("q=mid%40", {"mid@a.example"}),
            ("domain=a.example", {"new@a.example", "mid@a.example"}),
            ("since=2026-11-29", {"new@a.example", "mid@a.example"}),
            ("until=2026-11-29", {"mid@a.example", "old@b.example"}),
            ("q=nobody&domain=b.example&until=2026-11-25", {"old@b.example"}),
        ],
    )
    def test_it_is_narrowed_and_all_that_are_found_are_released(
        self, work: Work, cast: Cast, browse: Browse, three: dict[str, int], query: str, found: set[str]
    ) -> None:
        cleo = browse(cast.cleo)
        page = cleo.get(f"/admin/quarantine?{query}").text
        assert {email for email in three if f"<strong>{email}</strong>" in page} == found
        typed = dict(part.split("=") for part in query.replace("%40", "@").split("&") if part)
        cleo.post("/admin/quarantine/release", {**typed, "all": str(len(found))})
        assert quarantined(work) == set(three) - found

    def test_one_is_released_and_put_back(
        self, work: Work, cast: Cast, browse: Browse, three: dict[str, int]
    ) -> None:
        cleo, one = browse(cast.cleo), three["new@a.example"]
        cleo.post("/admin/quarantine/release", {"id": one})
        assert quarantined(work) == {"mid@a.example", "old@b.example"}
        assert "1 address is released" in cleo.get("/admin/quarantine").text
        cleo.post(f"/admin/quarantine/again?id={one}")
        assert quarantined(work) == set(three)

    def test_another_number_than_was_shown_releases_nobody(
        self, work: Work, cast: Cast, browse: Browse, three: dict[str, int]
    ) -> None:
        answer = browse(cast.cleo).post("/admin/quarantine/release", {"all": "2"})
        assert answer.status_code == 409 and quarantined(work) == set(three)

    def test_what_is_no_date_is_told_and_finds_and_releases_nobody(
        self, work: Work, cast: Cast, browse: Browse, three: dict[str, int]
    ) -> None:
        cleo = browse(cast.cleo)
        answer = cleo.get("/admin/quarantine?q=nobody&since=yesterday")
        assert answer.status_code == 422 and "Write a date such as" in answer.text
        assert 'value="nobody"' in answer.text and 'value="yesterday"' in answer.text
        assert "new@a.example" not in answer.text
        assert cleo.post("/admin/quarantine/release", {"since": "yesterday", "all": "3"}).status_code == 422
        assert quarantined(work) == set(three)

    @pytest.mark.parametrize(("which", "column"), [("blocked", "blocked_at"), ("allowed", "allowed_at")])
    def test_an_address_is_put_on_a_list_and_taken_off(
        self, work: Work, cast: Cast, browse: Browse, which: str, column: str
    ) -> None:
        cleo = browse(cast.cleo)
        assert cleo.post(f"/admin/quarantine/add?list={which}", {"email": "Who@c.example"}).status_code == 303
        with work() as uow:
            address = uow.session.scalars(sa.select(Address)).one()
            assert address.email == "who@c.example" and getattr(address, column) is not None
        page = cleo.get(f"/admin/quarantine?list={which}").text
        assert "who@c.example" in page
        cleo.post("/admin/quarantine/remove", {"list": which, "id": str(address.id)})
        with work() as uow:
            assert getattr(uow.session.scalars(sa.select(Address)).one(), column) is None

    def test_what_is_no_address_stays_in_the_field(self, cast: Cast, browse: Browse) -> None:
        answer = browse(cast.cleo).post("/admin/quarantine/add?list=blocked", {"email": "nonsense"})
        assert answer.status_code == 422
        assert 'value="nonsense"' in answer.text and "is not an e-mail address" in answer.text

    def test_the_command_lists_and_releases_what_is_found(
        self, app: Flask, work: Work, cast: Cast, three: dict[str, int]
    ) -> None:
        def run(*words: str) -> Any:
            return app.test_cli_runner().invoke(args=["quarantine", *words, "--user", cast.cleo.email])

        listed = json.loads(run("list", "--since", "2026-11-29", "--json").output)
        assert [one["email"] for one in listed] == ["new@a.example", "mid@a.example"]
        refused = run("release", "--text", "nobody", "--all", "1")
        assert refused.exit_code != 0 and "There are 2 by now" in refused.output
        assert run("release", "--text", "nobody", "--all", "2").output == "Released: 2.\n"
        assert quarantined(work) == {"mid@a.example"}
        assert run("list", "--since", "soon").exit_code == 2


class TestBounceRules:
    """The table is editable, and unknown texts queue as “to qualify”."""

    @pytest.fixture
    def unknown(self, work: Work) -> None:
        with work() as uow:
            said = [Answered(554, "", f"Computer says no to <p{n}@x.example>") for n in range(3)]
            note_unknown(uow, [*said, Answered(571, "", "Lune est pleine")])

    def test_what_no_rule_fits_waits_with_its_number_until_a_rule_fits_it(
        self, work: Work, cast: Cast, browse: Browse, unknown: None
    ) -> None:
        cleo = browse(cast.cleo)
        page = cleo.get("/admin/bounce-rules").text
        assert "Computer says no to #address#" in page and "Lune est pleine" in page
        assert cleo.post("/admin/bounce-rules", RULE).status_code == 303
        with work() as uow:
            assert uow.session.scalars(sa.select(UnknownBounce.text)).all() == ["Lune est pleine"]

    def test_a_text_can_be_left_as_it_is_and_taken_back(
        self, work: Work, cast: Cast, browse: Browse, unknown: None
    ) -> None:
        cleo = browse(cast.cleo)
        with work() as uow:
            query = sa.select(UnknownBounce.id).where(UnknownBounce.text == "Lune est pleine")
            one = uow.session.scalars(query).one()
        cleo.post("/admin/bounce-rules/keep", {"id": one})
        assert "Lune est pleine" not in cleo.get("/admin/bounce-rules").text
        cleo.post("/admin/bounce-rules/keep", {"id": one, "kept": "0"})
        assert "Lune est pleine" in cleo.get("/admin/bounce-rules").text

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"text": "", "codes": ""}, "Write a text to look for, or a code."),
            ({"codes": "five"}, "Codes are such as 552 or 5.2.2"),
            ({"failure": "odd"}, "Choose hard, soft or ignored."),
            ({"reason": "odd"}, "Choose a reason."),
            ({"place": "first"}, "Give a number."),
        ],
    )
    def test_bad_input_is_told_beside_its_field_and_nothing_is_lost(
        self, work: Work, cast: Cast, browse: Browse, typed: dict[str, str], words: str
    ) -> None:
        answer = browse(cast.cleo).post("/admin/bounce-rules", {**RULE, **typed})
        assert answer.status_code == 422 and words in answer.text
        assert {**RULE, **typed}["text"] in answer.text and {**RULE, **typed}["codes"] in answer.text
        with work() as uow:
            assert uow.session.scalars(sa.select(BounceRuleRow)).all() == []

    def test_a_rule_is_changed_deleted_and_put_back(self, work: Work, cast: Cast, browse: Browse) -> None:
        cleo = browse(cast.cleo)
        cleo.post("/admin/bounce-rules", RULE)
        assert "computer says no" in cleo.get("/admin/bounce-rules?edit=1").text
        cleo.post("/admin/bounce-rules?number=1", {**RULE, "failure": "soft"})
        with work() as uow:
            rows = uow.session.scalars(sa.select(BounceRuleRow).order_by(BounceRuleRow.place)).all()
            assert (rows[0].text, rows[0].failure) == ("computer says no", "soft")
        cleo.post("/admin/bounce-rules/delete", {"number": "1"})
        assert "computer says no" not in _rules(cleo)
        cleo.post("/admin/bounce-rules/restore")
        with work() as uow:
            assert uow.session.scalars(sa.select(BounceRuleRow)).all() == []

    def test_a_text_is_tried_before_a_rule_is_written(self, cast: Cast, browse: Browse) -> None:
        page = browse(cast.cleo).get("/admin/bounce-rules?try=550+5.1.1+User+unknown").text
        assert "hard" in page.lower() and "550 5.1.1 User unknown" in page

    def test_retries_are_changed_and_bad_input_is_kept(self, cast: Cast, browse: Browse) -> None:
        cleo = browse(cast.cleo)
        usual = dict.fromkeys(LIMITS, "5")
        wrong = cleo.post("/admin/retries", {**usual, "retry_minutes": "soon", "retry_hours": "900"})
        assert wrong.status_code == 422 and "from 5 to 1,440" in wrong.text and "from 1 to 168" in wrong.text
        assert 'value="soon"' in wrong.text and 'value="900"' in wrong.text
        assert cleo.post("/admin/retries", {**usual, "retry_first_day": "0"}).status_code == 303
        forms = forms_of(cleo.get("/admin/retries").text, "/admin/retries")
        shown = next(dict(form.values) for form in forms if "retry_hours" in form.typed)
        shown.pop("csrf_token")
        assert shown == {**usual, "retry_first_day": "0"}, "what lasts is no longer a reason"

    def test_only_administrators_of_the_installation(self, cast: Cast, browse: Browse) -> None:
        for path in ("/admin/bounce-rules", "/admin/quarantine", "/admin/retries"):
            assert browse(cast.ana).get(path).status_code == 403


def _rules(browser: Browser) -> str:
    """Without the notice, which names what was deleted."""
    browser.get("/admin/bounce-rules")
    return browser.get("/admin/bounce-rules").text
