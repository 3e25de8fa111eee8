"""Variants on pages: the tabs of a step, weights, deciding from the report, and where each person's is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.drafts import Steps
from sales_campaigns.campaigns.editing import StepWords, write_step
from sales_campaigns.campaigns.models import Campaign, Step, StepVariant
from sales_campaigns.campaigns.varying import add_variant
from sales_campaigns.campaigns.versions import drafts_of, in_force, newest
from sales_campaigns.enrollments.explaining.figures import StepFigures
from sales_campaigns.enrollments.explaining.funnels import Funnel
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.messages.models import Message
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.engagement import leave
from tests.pages.conftest import Browser
from tests.pages.parts import text
from web.parts.variant_lines import varied_steps

Browse = Callable[[User], Browser]


@pytest.fixture
def step(work: Work, cast: Cast) -> str:
    """The address of a step with two variants, in a campaign in which nobody is yet."""
    with work() as uow:
        mail = a_mail(uow, 1, "Plain words", key="first")
        campaign = a_campaign(uow, cast.ana, [mail])
        add_variant(uow, cast.ana, campaign.id, mail.key)
        write_step(uow, cast.ana, campaign.id, mail.key, StepWords("Bold words", "<p>Hi</p>", variant="B"))
    return f"/campaigns/{campaign.id}/steps/{mail.key}"


def campaign_of(step: str) -> int:
    return int(step.split("/")[2])


def steps(work: Work, step: str) -> Steps:
    with work() as uow:
        return drafts_of(newest(uow.session, uow.session.get_one(Campaign, campaign_of(step))))


def launched(work: Work, cast: Cast, step: str, number: int = 8) -> None:
    with work() as uow:
        ids = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(number)]
        launch(uow, cast.ana, Order(campaign_of(step), ids))


def undo_of(page: str) -> str:
    found = re.search(r'action="([^"]*/variants/undo/\d+)"', page)
    assert found is not None
    return found[1]


def test_each_variant_has_its_tab(browse: Browse, cast: Cast, step: str) -> None:
    ana = browse(cast.ana)
    first = ana.get(step).text
    assert "Variant A 50 %" in text(first)
    assert 'value="Plain words"' in first
    assert 'value="Bold words"' in ana.get(f"{step}?variant=B").text


def test_saving_a_tab_writes_that_variant_alone(browse: Browse, work: Work, cast: Cast, step: str) -> None:
    before = steps(work, step)[0].variants
    ana = browse(cast.ana)
    answer = ana.post(step, {"variant": "B", "subject": "Bolder", "html": "<p>Hi</p>"})
    assert answer.status_code == 303
    after = steps(work, step)[0].variants
    assert after[0] == before[0]
    assert after[1].wording_id != before[1].wording_id


def test_what_cannot_be_sent_keeps_what_was_typed_on_its_tab(browse: Browse, cast: Cast, step: str) -> None:
    answer = browse(cast.ana).post(step, {"variant": "B", "subject": "Hi {{", "html": "<p>typed</p>"})
    assert answer.status_code == 422
    assert 'value="Hi {{"' in answer.text
    assert "Save variant B" in answer.text


def test_one_more_and_back(browse: Browse, work: Work, cast: Cast, step: str) -> None:
    ana = browse(cast.ana)
    answer = ana.post(f"{step}/variants", {})
    assert answer.headers["Location"].endswith("?variant=C")
    page = ana.get(answer.headers["Location"]).text
    assert "Variant C" in text(page)
    ana.post(undo_of(page), {})
    assert [one.key for one in steps(work, step)[0].variants] == ["A", "B"]


def test_weights_become_shares(browse: Browse, cast: Cast, step: str) -> None:
    ana = browse(cast.ana)
    assert ana.post(f"{step}/variants/weights", {"weight.A": "90", "weight.B": "10"}).status_code == 303
    assert "Variant A 90 %" in text(ana.get(step).text)


@pytest.mark.parametrize("typed", ["0", "101", "many", ""])
def test_a_weight_that_is_none_is_told_beside_its_field(
    browse: Browse, cast: Cast, step: str, typed: str
) -> None:
    answer = browse(cast.ana).post(f"{step}/variants/weights", {"weight.A": typed, "weight.B": "10"})
    assert answer.status_code == 422
    assert "Give a weight from 1 to 100." in answer.text
    assert f'name="weight.A" min="1" max="100" required value="{typed}"' in answer.text


def test_the_report_decides_and_takes_it_back(browse: Browse, work: Work, cast: Cast, step: str) -> None:
    launched(work, cast, step)
    with work() as uow:
        leave(uow, uow.session.get_one(Campaign, campaign_of(step)))
    ana = browse(cast.ana)
    report = f"/campaigns/{campaign_of(step)}/report"
    said = text(ana.get(report).text)
    assert "No winner yet:" in said
    assert "Use B for all from now on" in said
    answer = ana.post(f"{step}/variants/B/only", {"back": report})
    assert answer.headers["Location"] == report
    page = ana.get(report).text
    assert "From now on everybody gets variant B." in text(page)
    assert [one.stopped for one in force(work, step)] == [True, False]
    ana.post(undo_of(page), {})
    assert [one.stopped for one in force(work, step)] == [False, False]


def force(work: Work, step: str) -> Any:
    with work() as uow:
        return drafts_of(in_force(uow.session, uow.session.get_one(Campaign, campaign_of(step))))[0].variants


def test_an_archived_campaign_keeps_its_variants(browse: Browse, work: Work, cast: Cast, step: str) -> None:
    ana = browse(cast.ana)
    ana.post(f"/campaigns/{campaign_of(step)}/archive", {})
    assert ana.post(f"{step}/variants/B/stop", {}).status_code == 409


def test_which_one_a_person_gets_is_shown_where_it_matters(
    browse: Browse, work: Work, cast: Cast, step: str
) -> None:
    launched(work, cast, step)
    ana = browse(cast.ana)
    with work() as uow:
        for message, enrollment in uow.session.execute(
            sa.select(Message, Enrollment).join(Enrollment, Enrollment.id == Message.enrollment_id)
        ):
            way = text(ana.get(f"/enrollments/{enrollment.id}").text)
            assert f"day 1, step 1, variant {message.variant}" in way
            assert f"Variant {message.variant} How the variants do" in text(
                ana.get(f"/emails/{message.id}").text
            )


def test_the_editor_counts_them(browse: Browse, cast: Cast, step: str) -> None:
    assert "2 variants" in text(browse(cast.ana).get(f"/campaigns/{campaign_of(step)}").text)


def test_a_file_of_it_says_what_it_leaves_out(browse: Browse, cast: Cast, step: str) -> None:
    written = browse(cast.ana).get(f"/campaigns/{campaign_of(step)}/export").text
    assert written.startswith("# Day 1, step 1: a campaign file has the first of its variants only.")
    assert "Bold words" not in written


def figures_of_two(stopped: bool = False) -> StepFigures:
    """A: 10 of 100 replied; B: 22 of 100."""
    rows = [
        StepVariant(key="A", weight=50, stopped=False),
        StepVariant(key="B", weight=50, stopped=stopped),
    ]
    funnels = {
        "A": Funnel(sent=100, delivered=100, replied=10),
        "B": Funnel(sent=100, delivered=100, replied=22),
    }
    return StepFigures("s", Step(key="s", variants=rows), "Hello", Funnel(), {}, funnels)


def test_the_best_is_marked_once_the_test_is_sure() -> None:
    (varied,) = varied_steps([figures_of_two()], "replied")
    assert varied.verdict is not None and varied.verdict.words == "B is better, 95 %."
    assert [(line.letter, line.best) for line in varied.lines] == [("A", False), ("B", True)]
    (by_clicks,) = varied_steps([figures_of_two()], "clicked")
    assert by_clicks.verdict is not None and by_clicks.verdict.winner == ""


def test_what_is_stopped_is_shown_and_not_compared() -> None:
    (varied,) = varied_steps([figures_of_two(stopped=True)], "replied")
    assert varied.verdict is None
    assert [(line.stopped, line.alone) for line in varied.lines] == [(False, True), (True, False)]
