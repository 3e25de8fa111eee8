"""flask campaign plan and apply: a file against the stored campaign, and the people in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from sales_campaigns.campaigns.file import read_campaign
from sales_campaigns.campaigns.filing import import_campaign
from sales_campaigns.campaigns.models import Campaign, CampaignVersion
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.models import Message
from tests.cast import Cast, a_person
from tests.conftest import Work

FILE = """\
format: sales-campaign/1
name: "Q4 CFO outreach"
category: "Outbound"
steps:
  - day: 1
    type: email
    send: at
    at: "12:00"
    subject: "Quick question"
    html: "<p>Hello</p>"
  - day: 3
    type: email
    send: at
    at: "09:00"
    subject: "Again"
    html: "<p>Hello again</p>"
"""
A_CALL = '  - day: 2\n    type: call\n    name: "Ask"\n'


@pytest.fixture
def file(work: Work, cast: Cast, tmp_path: Path) -> Path:
    """Ana's campaign, with one person whose first mail waits until noon."""
    with work() as uow:
        campaign = import_campaign(uow, cast.ana, read_campaign(FILE)).campaign
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    path = tmp_path / "outreach.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def run(app: Flask, *words: object, answer: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=["campaign", *map(str, words)], input=answer)


def written(file: Path, old: str, new: str) -> Path:
    assert old in FILE
    file.write_text(FILE.replace(old, new), encoding="utf-8")
    return file


def planned(app: Flask, file: Path, cast: Cast) -> Any:
    return json.loads(run(app, "plan", file, "--user", cast.ana.email, "--json").stdout)


def due(work: Work) -> list[str]:
    with work() as uow:
        instants = uow.session.scalars(sa.select(Message.due_at).where(Message.state == "pending"))
        return [at.isoformat() for at in instants]


def test_a_plan_ends_with_0_when_nothing_would_change(app: Flask, cast: Cast, file: Path) -> None:
    result = run(app, "plan", file, "--user", cast.ana.email)
    assert (result.exit_code, result.stdout) == (0, "Q4 CFO outreach: nothing would change.\n")


def test_a_plan_shows_the_calendar_difference_and_ends_with_2(
    app: Flask, cast: Cast, work: Work, file: Path
) -> None:
    """The rule: plan shows the calendar difference for the people already in it. Nothing is written."""
    result = run(app, "plan", written(file, '"12:00"', '"13:30"'), "--user", cast.ana.email)
    assert result.exit_code == 2
    assert result.stdout.splitlines() == [
        "Q4 CFO outreach",
        "  changed: day 1, step 1 (email) Quick question",
        "Affects 1 person: 1 move, 0 newly skipped.",
        "Later than before: 1 person.",
        "  maria@example.com, day 1, step 1: Mon 30 Nov 12:00 → Mon 30 Nov 13:30 (Europe/Stockholm)",
    ]
    assert due(work) == ["2026-11-30T11:00:00+00:00"]
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(CampaignVersion)) == 1


def test_a_plan_is_stable_json(app: Flask, cast: Cast, file: Path) -> None:
    data = planned(app, written(file, "  - day: 3", A_CALL + "  - day: 3"), cast)
    assert data == {
        "campaign": "Q4 CFO outreach",
        "exists": True,
        "changes": True,
        "allowed": True,
        "replaces_waiting_edits": False,
        "steps": [{"what": "added", "day": 2, "number": 1, "kind": "call", "title": "Ask"}],
        "settings": [],
        "affects": {
            "people": 1,
            "earlier": 0,
            "later": 0,
            "skip": 0,
            "more": 1,
            "finish": 0,
            "keep": 0,
        },
        "dates": [
            {
                "person": "maria@example.com",
                "day": 2,
                "step": 1,
                "from": None,
                "to": "2026-11-30T23:00:00Z",
                "zone": "Europe/Stockholm",
            }
        ],
    }


def test_a_step_put_before_another_of_its_day_leaves_that_one_what_it_is(
    app: Flask, cast: Cast, file: Path
) -> None:
    call = A_CALL.replace("day: 2", "day: 3")
    data = planned(app, written(file, "  - day: 3", call + "  - day: 3"), cast)
    assert [step["what"] for step in data["steps"]] == ["added"]
    assert data["affects"]["skip"] == 0


def test_settings_that_differ_are_named(app: Flask, cast: Cast, file: Path) -> None:
    data = planned(app, written(file, "steps:", "settings: {skip_weekends: true}\nsteps:"), cast)
    assert (data["settings"], data["steps"]) == (["skip_weekends"], [])


def test_it_plans_a_campaign_that_is_not_there_yet(app: Flask, cast: Cast, file: Path, work: Work) -> None:
    result = run(app, "plan", written(file, "Q4 CFO outreach", "New one"), "--user", cast.ana.email)
    assert result.exit_code == 2 and "New one would be a new campaign." in result.stdout
    with work() as uow:
        assert uow.session.scalars(sa.select(Campaign.name)).all() == ["Q4 CFO outreach"]


def test_apply_asks_with_the_number_and_then_moves_the_scheduled_mail(
    app: Flask, cast: Cast, work: Work, file: Path
) -> None:
    asked = ("apply", written(file, '"12:00"', '"13:30"'), "--user", cast.ana.email)
    refused = run(app, *asked, answer="n\n")
    assert "Put it into force for 1 person under way?" in refused.stdout and refused.exit_code == 1
    assert due(work) == ["2026-11-30T11:00:00+00:00"]
    assert "It is in force." in run(app, *asked, answer="y\n").stdout
    assert due(work) == ["2026-11-30T12:30:00+00:00"]
    assert run(app, "plan", file, "--user", cast.ana.email).exit_code == 0


def test_apply_needs_yes_where_nobody_can_be_asked(app: Flask, cast: Cast, work: Work, file: Path) -> None:
    asked = ("apply", written(file, '"12:00"', '"13:30"'), "--user", cast.ana.email, "--json")
    assert json.loads(run(app, *asked).stdout)["applied"] is False
    assert due(work) == ["2026-11-30T11:00:00+00:00"]
    assert json.loads(run(app, *asked, "--yes").stdout)["applied"] is True
    assert json.loads(run(app, *asked, "--yes").stdout)["applied"] is False, "there is nothing left to do"


def test_apply_needs_the_right_to_do_so(app: Flask, cast: Cast, work: Work, file: Path) -> None:
    """The rule: apply needs the right; the refusal says who can, and nothing is half applied."""
    written(file, '"12:00"', '"13:30"')
    refused = run(app, "apply", file, "--user", cast.ben.email, "--yes")
    assert refused.exit_code == 1 and "Its owner, an administrator" in refused.stderr
    assert due(work) == ["2026-11-30T11:00:00+00:00"]
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(CampaignVersion)) == 1


def test_a_file_with_several_mistakes_says_them_all_at_once(app: Flask, cast: Cast, file: Path) -> None:
    file.write_text(FILE.replace("day: 3", "day: 0").replace('"12:00"', '"noon"'), encoding="utf-8")
    result = run(app, "plan", file, "--user", cast.ana.email)
    assert result.exit_code == 1
    assert "line 8" in result.stderr and "line 11" in result.stderr
