"""A continuous delivery on its pages and from the command line: explained, chosen, confirmed once, asked above its
ceiling, reset; and who may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from sales_campaigns.accounts.models import User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.templates import TemplateDraft, create_template
from sales_campaigns.deliveries.models import DeliveryKind, DeliveryState
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.settings import Settings
from tests.builders import a_campaign, a_delivery, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import delivery, let_jobs_run
from tests.pages.conftest import Browser

Browse = Callable[[User], Browser]
CLEO = ["--user", "cleo@north.example"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation that is reached from outside, so that bulk mail may leave."""
    return Settings(
        secret_key="only for the tests, and long enough",
        data_dir=tmp_path,
        public_url="https://sales.example.com",
    )


@pytest.fixture
def written(work: Work, cast: Cast) -> int:
    with work() as uow:
        a_person(uow, cast.ana, "a@example.com")
        return a_delivery(uow, cast.cleo).id


def typed(clock: VirtualClock, **fields: Any) -> dict[str, Any]:
    first = f"{clock.now().date() + timedelta(days=1)}T09:00"
    rule = {"every": "days", "interval": "1", "first": first, "zone": "Europe/Stockholm"}
    return {**rule, "mode": "new", "ceiling": "1000", "field": "updated", **fields}


def begin(work: Work, clock: VirtualClock, cleo: Browser, id: int, **fields: Any) -> None:
    assert cleo.post(f"/deliveries/{id}/continuous", typed(clock, **fields)).status_code == 303
    cleo.post(f"/deliveries/{id}/prepare")
    let_jobs_run(work)
    assert cleo.post(f"/deliveries/{id}/confirm").status_code == 303
    let_jobs_run(work)


def a_day_later(work: Work, clock: VirtualClock) -> None:
    clock.forward(timedelta(days=1))
    clock.forward(timedelta(hours=2))
    let_jobs_run(work)


def test_the_page_that_makes_a_delivery_explains_the_three_kinds(cast: Cast, browse: Browse) -> None:
    """Single, recurring and continuous side by side, with who, when and what next in one sentence each."""
    form = browse(cast.cleo).get("/deliveries/new").text
    for kind in ("Single", "Recurring", "Continuous"):
        assert f"<span>{kind}</span></label></h2>" in form
    assert [form.count(f"<dt>{word}</dt>") for word in ("Who", "When", "What next")] == [3, 3, 3]


def test_it_is_chosen_prepared_confirmed_once_and_its_runs_are_listed(
    work: Work, cast: Cast, clock: VirtualClock, browse: Browse, written: int
) -> None:
    cleo, page = browse(cast.cleo), f"/deliveries/{written}/continuous"
    assert "Who was not taken yet" in cleo.get(page).text
    begin(work, clock, cleo, written)
    with work() as uow:
        a_person(uow, cast.ana, "b@example.com")
    a_day_later(work, clock)
    shown = cleo.get(page).text
    assert shown.count(">Taken<") == 2 and "Next run" in shown and "Every day from" in shown
    assert "its runs" in cleo.get(f"/deliveries/{written}").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"mode": "some"}, "Choose whom a run takes."),
        ({"ceiling": "many"}, "Write a whole number of people."),
        ({"ceiling": "0"}, "Write a number of people from 1"),
        ({"mode": "changed", "since": ""}, "Choose the date and time from which"),
        ({"mode": "changed", "field": "custom", "custom": " "}, "Choose the date that is looked at."),
        ({"every": "minutes", "interval": "5"}, "at most every 15 minutes"),
        ({"every": "cron", "cron": "* * * *"}, "Write five fields"),
        ({"every": "months", "nth": "2"}, "Choose the one weekday"),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_nothing_is_lost(
    cast: Cast, clock: VirtualClock, browse: Browse, written: int, fields: dict[str, str], words: str
) -> None:
    wrong = typed(clock, **{"zone": "Asia/Tokyo", "weekdays": ["1", "4"], **fields})
    answer = browse(cast.cleo).post(f"/deliveries/{written}/continuous", wrong)
    assert answer.status_code == 422
    assert words in answer.text and "Asia/Tokyo" in answer.text
    assert answer.text.count('name="weekdays" value="1" checked') == 1


def test_a_run_over_its_ceiling_is_told_on_today_and_waits_for_its_confirmation(
    work: Work, cast: Cast, clock: VirtualClock, browse: Browse, written: int
) -> None:
    cleo = browse(cast.cleo)
    begin(work, clock, cleo, written, ceiling="1")
    with work() as uow:
        for number in range(4):
            a_person(uow, cast.ana, f"n{number}@example.com")
    a_day_later(work, clock)
    assert "Run 2 of “Autumn price list” waits for a confirmation: 4 people" in cleo.get("/").text
    page = f"/deliveries/{written}/continuous"
    assert "Send 4 messages" in cleo.get(page).text
    assert "OK, send 4 messages" in cleo.get(f"{page}/runs/2").text
    assert "OK, send 4 messages" not in cleo.get(f"/deliveries/{written}").text
    assert cleo.post(f"{page}/runs/2/confirm").status_code == 303
    assert cleo.post(f"{page}/runs/2/drop").status_code == 409
    assert "Send 4 messages" not in cleo.get(page).text
    assert "waits for a confirmation: 4" not in cleo.get("/").text


def test_a_reset_says_what_will_happen(
    work: Work, cast: Cast, clock: VirtualClock, browse: Browse, written: int
) -> None:
    cleo, page = browse(cast.cleo), f"/deliveries/{written}/continuous/reset"
    assert cleo.get(page).status_code == 404
    begin(work, clock, cleo, written)
    asked = cleo.get(page).text
    assert "1 person was taken so far" in asked and "gets it a second time" in asked
    assert cleo.post(page).status_code == 303
    a_day_later(work, clock)
    assert cleo.get(f"/deliveries/{written}/continuous").text.count(">Taken<") == 2


def test_an_edit_of_its_words_lists_every_place_of_its_template_first(
    work: Work, cast: Cast, clock: VirtualClock, browse: Browse, written: int
) -> None:
    """With “here only”, which makes the words its own."""
    cleo = browse(cast.cleo)
    with work() as uow:
        draft = TemplateDraft("Prices", "Old, {{ first_name }}", "<p>Old</p>")
        template = create_template(uow, cast.cleo, draft)
    picked = {**_written(cleo, written), "from_template": "Prices", "subject": "Old, {{ first_name }}"}
    cleo.post(f"/deliveries/{written}/edit", picked)
    begin(work, clock, cleo, written)
    form = cleo.get(f"/deliveries/{written}/edit").text
    assert "Autumn price list: this delivery" in form and "Here only" in form
    newer = {**picked, "subject": "Newer"}
    refused = cleo.post(f"/deliveries/{written}/edit", newer)
    assert refused.status_code == 422 and "Say whether the template changes too" in refused.text
    assert cleo.post(f"/deliveries/{written}/edit", {**newer, "also_template": "yes"}).status_code == 303
    assert "Newer" in cleo.get(f"/templates/{template.id}").text
    own = {**newer, "subject": "Its own", "also_template": "no"}
    assert cleo.post(f"/deliveries/{written}/edit", own).status_code == 303
    assert "Its own" not in cleo.get(f"/templates/{template.id}").text
    assert "Here only" not in cleo.get(f"/deliveries/{written}/edit").text
    versions = cleo.get(f"/deliveries/{written}/continuous").text
    assert "Newer" in versions and "Its own" in versions


def _written(cleo: Browser, delivery_id: int) -> dict[str, str]:
    """The form as it is, without what the page chose by itself."""
    box = cleo.get(f"/deliveries/{delivery_id}/edit").text.split("selected>")[0].rpartition('value="')[2]
    return {
        "name": "Autumn price list",
        "html": "<p>Old</p>",
        "mailbox": box.strip('" '),
        "audience": "everybody",
        "zone": "Europe/Stockholm",
        "validity_hours": "120",
    }


def test_whoever_may_only_prepare_cannot_confirm_change_or_reset_it(
    work: Work, cast: Cast, clock: VirtualClock, browse: Browse, written: int
) -> None:
    """The refusal names who can."""
    cleo = browse(cast.cleo)
    begin(work, clock, cleo, written, ceiling="1")
    with work() as uow:
        uow.session.get_one(User, cast.ben.id).can_prepare = True
        for number in range(4):
            a_person(uow, cast.ana, f"n{number}@example.com")
        prepared = a_delivery(uow, cast.cleo, name="Not yet").id
    a_day_later(work, clock)
    ben, page = browse(cast.ben), f"/deliveries/{written}/continuous"
    assert ben.post(f"/deliveries/{prepared}/continuous", typed(clock)).status_code == 303
    for path in (page, f"{page}/reset", f"{page}/runs/2/confirm", f"{page}/runs/2/drop"):
        refused = ben.post(path, typed(clock))
        assert refused.status_code == 403 and "Cleo Martin" in refused.text, path
    for shown in (page, f"{page}/reset"):
        assert "Who has it: Cleo Martin" in ben.get(shown).text
    assert "Send 4 messages" not in ben.get(page).text


def test_it_is_made_and_its_runs_decided_from_the_command_line(
    app: Flask, work: Work, cast: Cast, clock: VirtualClock, written: int, tmp_path: Path
) -> None:
    run = app.test_cli_runner().invoke
    first = f"{clock.now().date() + timedelta(days=1)}T09:00"
    rule = ["--every", "weeks", "--weekday", "tue", "--weekday", "fri", "--first", first, "--ceiling", "1"]
    for asked in (
        ["continuous", str(written), *rule],
        ["prepare", str(written), "--wait"],
        ["confirm", str(written)],
    ):
        done = run(args=["delivery", *asked, *CLEO])
        assert done.exit_code == 0, done.output
    let_jobs_run(work)
    assert delivery(work, written).kind is DeliveryKind.CONTINUOUS
    with work() as uow:
        for number in range(4):
            a_person(uow, cast.ana, f"n{number}@example.com")
    a_day_later(work, clock)
    assert "waiting 4 of 4" in run(args=["delivery", "runs", str(written), *CLEO]).output
    refused = run(args=["delivery", "confirm-run", str(written), "2", "--user", "ana@north.example"])
    assert refused.exit_code == 1 and "Who has it: Cleo Martin" in refused.output
    assert "released 4 of 4" in run(args=["delivery", "confirm-run", str(written), "2", *CLEO]).output
    told = run(args=["delivery", "reset-history", str(written), *CLEO]).output
    assert "5 people were taken; the next run takes 5 again" in told
    words = tmp_path / "newer.html"
    words.write_text("<p>Newer</p>", encoding="utf-8")
    changed = run(args=["delivery", "edit", str(written), "--html", str(words), *CLEO])
    assert changed.exit_code == 0, changed.output
    assert delivery(work, written).state is DeliveryState.IN_PROGRESS


def test_a_card_on_today_explains_deliveries_until_it_is_known(cast: Cast, browse: Browse) -> None:
    """Prepare, send and every figure, in the glossary's words; for those who have to do with deliveries."""
    cleo = browse(cast.cleo)
    shown = cleo.get("/").text
    for word in ("Prepare", "Targeted", "To deliver", "Excluded", "Delivered", "Bounces + errors"):
        assert f"<dt>{word}</dt>" in shown
    assert "Deliveries in a few words" not in browse(cast.ana).get("/").text
    assert cleo.post("/explained").status_code == 303
    assert "Deliveries in a few words" not in cleo.get("/").text
    cleo.post("/explained?again=1")
    assert "Deliveries in a few words" in cleo.get("/").text


def test_step_and_personal_deliveries_are_listed_only_when_asked(
    work: Work, cast: Cast, browse: Browse
) -> None:
    """A step's has the same dashboard: targeted, to deliver, excluded with its causes."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="09:00")])
        kept = a_person(uow, cast.ana, "a@example.com")
        out = a_person(uow, cast.ana, "out@example.com")
        assert out.address is not None
        out.address.opted_out_at = uow.now
        uow.session.flush()
        launch(uow, cast.ana, Order(campaign.id, [kept.id, out.id]))
    ana = browse(cast.ana)
    assert "day 1, step 1" not in ana.get("/deliveries").text
    assert "day 1, step 1" not in ana.get("/deliveries?personal=1").text
    assert "day 1, step 1" in ana.get("/deliveries?steps=1").text
    report = ana.get(f"/campaigns/{campaign.id}/report").text
    [link] = re.findall(r'href="(/deliveries/\d+)"', report)
    dashboard = ana.get(link).text
    found = re.findall(r"<dt>(?:<a[^>]*>)?([^<]+)(?:</a>)?</dt><dd>([^<]+)</dd>", dashboard)
    figures = dict(reversed(found))
    assert (figures["Targeted"], figures["To deliver"], figures["Excluded"]) == ("2", "1", "1")
    assert "Excluded, by cause" in dashboard
    assert "out@example.com" in ana.get(f"{link}/exclusions").text
