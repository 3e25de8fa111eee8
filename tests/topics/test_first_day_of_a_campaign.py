"""A campaign begins on day 1 whatever is moved or deleted, and one that was stored otherwise can be read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from sales_campaigns.campaigns import editing
from sales_campaigns.campaigns.checks import Obstacle, obstacles_to_launch
from sales_campaigns.campaigns.drafts import arranged
from sales_campaigns.campaigns.editing import Edited
from sales_campaigns.campaigns.file import read_campaign, write_campaign
from sales_campaigns.campaigns.filing import export_campaign
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign
from tests.cast import Cast
from tests.conftest import Work

Edit = Callable[[UnitOfWork, Cast, Campaign], Edited]
EDITS: dict[str, Edit] = {
    "its first step is deleted": lambda uow, cast, of: editing.delete_step(uow, cast.ana, of.id, "first"),
    "its first step moves a day later": lambda uow, cast, of: editing.move_step(
        uow, cast.ana, of.id, "first", "later"
    ),
    "the page puts nothing on day 1": lambda uow, cast, of: editing.place_steps(
        uow, cast.ana, of.id, ["day:1", "day:4", "first", "second"]
    ),
}


@pytest.fixture
def uow(work: Work) -> Iterator[UnitOfWork]:
    with work() as uow:
        yield uow


def days(uow: UnitOfWork, campaign: Campaign) -> list[int]:
    return [step.day for step in drafts_of(newest(uow.session, campaign))]


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_it_begins_on_day_1_when(edit: Edit, uow: UnitOfWork, cast: Cast) -> None:
    """The rule: in order; the first is on day 1 (spec/8). The editor says what else moved, and it can be undone."""
    campaign = a_campaign(uow, cast.ana, [a_call(1, key="first"), a_call(3, key="second")])
    edited = edit(uow, cast, campaign)
    assert days(uow, campaign)[0] == 1
    assert edited.reset[0].startswith("The first step is on day 1, so every step is now ")
    editing.bring_back(uow, cast.ana, campaign.id, edited.former)
    assert days(uow, campaign) == [1, 3]


def test_the_first_step_of_all_is_on_day_1(uow: UnitOfWork, cast: Cast) -> None:
    campaign = a_campaign(uow, cast.ana, [])
    editing.add_step(uow, cast.ana, campaign.id, StepKind.CALL, 5)
    assert days(uow, campaign) == [1]


def test_what_was_stored_with_a_later_first_day_is_exported_so_that_it_is_read_back(
    uow: UnitOfWork, cast: Cast
) -> None:
    campaign = a_campaign(uow, cast.ana, list(arranged([a_call(2, key="first"), a_call(4, key="second")])))
    assert obstacles_to_launch(uow.session, campaign) == (Obstacle("first", "The first step is on day 1."),)
    file = export_campaign(uow.session, campaign)
    assert read_campaign(write_campaign(file)) == file
    assert [step.outline.day for step in file.steps] == [1, 3]
