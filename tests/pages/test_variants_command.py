"""flask campaign report and variant: the same figures and decisions from the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import Result
from flask import Flask

from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.varying import add_variant
from sales_campaigns.enrollments.launches.launching import Order, launch
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.engagement import leave


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["campaign", *words])


@pytest.fixture
def campaign(work: Work, cast: Cast) -> Campaign:
    """Two variants; eight people got theirs."""
    with work() as uow:
        mail = a_mail(uow, 1, key="first")
        campaign = a_campaign(uow, cast.ana, [mail])
        add_variant(uow, cast.ana, campaign.id, mail.key)
        ids = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(8)]
        launch(uow, cast.ana, Order(campaign.id, ids))
        leave(uow, campaign)
    return campaign


def test_the_report_in_words(app: Flask, campaign: Campaign) -> None:
    said = run(app, "report", "Q4 outreach").output
    assert "day 1, step 1 Quick question, [first name]: 8 reached, 8 sent, 8 delivered, 0 opened" in said
    assert "variant A:" in said
    assert "of 100 delivered." in said


def test_the_report_for_programs(app: Flask, campaign: Campaign) -> None:
    (step,) = json.loads(run(app, "report", "Q4 outreach", "--json").output)["steps"]
    assert (step["day"], step["step"], step["figures"]["sent"]) == (1, 1, 8)
    assert sum(one["sent"] for one in step["variants"].values()) == 8
    assert step["verdict"].startswith("No winner yet")


def test_deciding(app: Flask, campaign: Campaign) -> None:
    done = run(app, "variant", "Q4 outreach", "1.1", "b", "only", "--user", "ana@north.example", "--json")
    assert json.loads(done.output) == {"version": 3, "in_force": True}
    again = run(app, "variant", "Q4 outreach", "1.1", "B", "stop", "--user", "ana@north.example")
    assert again.exit_code == 1
    assert "only variant that is sent" in again.output


@pytest.mark.parametrize(
    ("place", "letter", "words"),
    [("9.9", "A", "has no step 9.9"), ("1.1", "Q", "no longer part of the step")],
)
def test_what_is_not_there_is_told(
    app: Flask, campaign: Campaign, place: str, letter: str, words: str
) -> None:
    refused = run(app, "variant", "Q4 outreach", place, letter, "stop", "--user", "ana@north.example")
    assert refused.exit_code == 1
    assert words in refused.output
