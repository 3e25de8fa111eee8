"""Editing a campaign: versions, legal send options whatever the client sends, and resets that are said."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import time

import pytest
import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.campaigns import editing
from sales_campaigns.campaigns.applying import apply_changes, discard_changes
from sales_campaigns.campaigns.creating import create_campaign, rename_campaign
from sales_campaigns.campaigns.drafts import StepDraft
from sales_campaigns.campaigns.editing import SendChoice, StepWords
from sales_campaigns.campaigns.models import Campaign, CampaignState
from sales_campaigns.campaigns.planner import SendOption, StepKind
from sales_campaigns.campaigns.states import CAMPAIGN
from sales_campaigns.campaigns.versions import drafts_of, in_force, newest
from sales_campaigns.content.models import Wording
from sales_campaigns.deliveries.models import Delivery, DeliveryKind
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.messages.models import Hold
from sales_campaigns.unit_of_work import UnitOfWork
from tests.cast import Cast
from tests.conftest import Work

EMAIL, CALL = StepKind.EMAIL, StepKind.CALL
MAIL = StepWords(subject="Quick question", html="<p>Hello {{ first_name }}</p>")


@pytest.fixture
def uow(work: Work) -> Iterator[UnitOfWork]:
    with work() as uow:
        yield uow


@pytest.fixture
def campaign(uow: UnitOfWork, cast: Cast) -> Campaign:
    return create_campaign(uow, cast.ana, "Q4 CFO outreach", "Outbound")


def add(uow: UnitOfWork, cast: Cast, campaign: Campaign, *steps: tuple[StepKind, int]) -> list[str]:
    return [editing.add_step(uow, cast.ana, campaign.id, kind, day).key for kind, day in steps]


def now(uow: UnitOfWork, campaign: Campaign) -> tuple[StepDraft, ...]:
    return drafts_of(newest(uow.session, campaign))


def test_it_begins_as_a_draft_with_the_editors_settings_and_a_hold(
    uow: UnitOfWork, campaign: Campaign
) -> None:
    assert campaign.state is CampaignState.DRAFT
    assert in_force(uow.session, campaign).settings == {
        "skip_weekends": True,
        "holidays": None,
        "send_window": {"from": "08:00", "to": "18:00"},
    }
    assert uow.session.get_one(Hold, ("campaign", campaign.id)).stopped is False


def test_it_begins_with_the_holidays_of_the_sender(uow: UnitOfWork, cast: Cast) -> None:
    cast.ana.country = "SE"
    assert in_force(uow.session, create_campaign(uow, cast.ana, "Spring")).settings["holidays"] == "SE"


def test_it_refuses_a_blank_or_taken_name(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    for name, words in ((" ", "a name"), ("Q4 CFO outreach", "has this name"), ("x" * 201, "200 characters")):
        with pytest.raises(Invalid, match=words):
            create_campaign(uow, cast.ben, name)
    assert create_campaign(uow, cast.dirk, "Q4 CFO outreach").team_id == cast.dirk.team_id
    assert rename_campaign(uow, cast.ben, campaign.id, "Q4 CFO outreach", "Other").category == "Other"


def test_it_adds_steps_with_an_option_that_is_legal_in_their_place(
    uow: UnitOfWork, cast: Cast, campaign: Campaign
) -> None:
    add(uow, cast, campaign, (EMAIL, 1), (EMAIL, 1), (CALL, 3), (EMAIL, 3))
    assert [step.send for step in now(uow, campaign)] == [
        SendOption.CHOOSE,
        SendOption.TASK,
        None,
        SendOption.SAME_AS_PREVIOUS,
    ]


def test_it_keeps_a_steps_key_through_versions(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    first, second = add(uow, cast, campaign, (EMAIL, 1), (CALL, 3))
    editing.write_step(uow, cast.ana, campaign.id, second, StepWords(name="Call about the question"))
    assert [step.key for step in now(uow, campaign)] == [first, second]
    assert newest(uow.session, campaign).number == 4


@pytest.mark.parametrize(
    ("place", "choice", "field"),
    [
        (1, SendChoice(SendOption.CHOOSE), "send"),
        (0, SendChoice(SendOption.SAME_AS_PREVIOUS), "send"),
        (2, SendChoice(SendOption.TASK), "send"),
        (0, SendChoice(SendOption.AT), "at"),
        (0, SendChoice(SendOption.TASK, follow_up=True), "follow_up"),
        (3, SendChoice(SendOption.TASK, follow_up=True), "follow_up"),
        (1, SendChoice(SendOption.TASK, quote="nothing"), "quote"),
    ],
)
def test_it_refuses_what_is_not_legal_there_whatever_the_client_sends(
    uow: UnitOfWork, cast: Cast, campaign: Campaign, place: int, choice: SendChoice, field: str
) -> None:
    """E-mail, e-mail, call, e-mail: a follow-up stands only directly after an e-mail."""
    keys = add(uow, cast, campaign, (EMAIL, 1), (EMAIL, 2), (CALL, 3), (EMAIL, 3))
    with pytest.raises(Invalid) as refused:
        editing.choose_send(uow, cast.ana, campaign.id, keys[place], choice)
    assert refused.value.problems.keys() == {field}


def test_it_sets_time_and_follow_up(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    _, second = add(uow, cast, campaign, (EMAIL, 1), (EMAIL, 3))
    editing.choose_send(
        uow, cast.ana, campaign.id, second, SendChoice(SendOption.AT, time(9), follow_up=True, quote="sent")
    )
    step = now(uow, campaign)[1]
    assert (step.send, step.at, step.follow_up, step.quote) == (SendOption.AT, time(9), True, "sent")


def test_it_says_what_it_reset_when_a_neighbour_goes(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    first, second = add(uow, cast, campaign, (EMAIL, 1), (EMAIL, 1))
    editing.choose_send(uow, cast.ana, campaign.id, second, SendChoice(SendOption.TASK, follow_up=True))
    edited = editing.delete_step(uow, cast.ana, campaign.id, first)
    assert now(uow, campaign)[0].follow_up is False
    assert any("no longer a follow-up" in sentence for sentence in edited.reset)


def test_it_resets_when_a_step_is_retyped_or_moved(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    first, second = add(uow, cast, campaign, (EMAIL, 1), (EMAIL, 1))
    editing.choose_send(uow, cast.ana, campaign.id, second, SendChoice(SendOption.TASK, follow_up=True))
    edited = editing.move_step(uow, cast.ana, campaign.id, second, "up")
    moved = now(uow, campaign)
    assert [(step.key, step.follow_up) for step in moved] == [(second, False), (first, False)]
    assert moved[1].send is not SendOption.CHOOSE
    assert len(edited.reset) == 2
    editing.retype_step(uow, cast.ana, campaign.id, second, CALL)
    assert now(uow, campaign)[0].send is None


def test_it_brings_a_deleted_step_back(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    keys = add(uow, cast, campaign, (EMAIL, 1), (CALL, 2))
    before = now(uow, campaign)
    former = editing.delete_step(uow, cast.ana, campaign.id, keys[0]).former
    editing.bring_back(uow, cast.ana, campaign.id, former)
    assert now(uow, campaign) == before


def test_it_writes_an_e_mail_and_refuses_what_cannot_be_sent(
    uow: UnitOfWork, cast: Cast, campaign: Campaign
) -> None:
    (key,) = add(uow, cast, campaign, (EMAIL, 1))
    editing.write_step(uow, cast.ana, campaign.id, key, MAIL)
    assert now(uow, campaign)[0].wording_id is not None
    with pytest.raises(Invalid) as refused:
        editing.write_step(uow, cast.ana, campaign.id, key, StepWords(subject="", html="{{ oh"))
    assert refused.value.problems.keys() == {"subject", "html"}


def test_it_allows_prompts_in_tasks_only(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    (key,) = add(uow, cast, campaign, (EMAIL, 1))
    asks = StepWords(subject="Hi", html="<p>{{! how did you meet? }}</p>")
    with pytest.raises(Invalid, match="how did you meet"):
        editing.write_step(uow, cast.ana, campaign.id, key, asks)
    editing.choose_send(uow, cast.ana, campaign.id, key, SendChoice(SendOption.TASK))
    editing.write_step(uow, cast.ana, campaign.id, key, asks)
    with pytest.raises(Invalid, match="how did you meet") as refused:
        editing.choose_send(uow, cast.ana, campaign.id, key, SendChoice(SendOption.AT, time(9)))
    assert refused.value.problems.keys() == {"send"}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (StepWords(), "name"),
        (StepWords(name="x" * 301), "name"),
        (StepWords(name="Call", priority="urgent"), "priority"),
        (StepWords(name="Call", skip_after_days=0), "skip_after_days"),
    ],
)
def test_it_refuses_a_task_that_says_nothing(
    uow: UnitOfWork, cast: Cast, campaign: Campaign, words: StepWords, field: str
) -> None:
    (key,) = add(uow, cast, campaign, (CALL, 1))
    with pytest.raises(Invalid) as refused:
        editing.write_step(uow, cast.ana, campaign.id, key, words)
    assert refused.value.problems.keys() == {field}


def test_it_gives_every_e_mail_step_a_delivery_with_a_hold(
    uow: UnitOfWork, cast: Cast, campaign: Campaign
) -> None:
    first, _, third = add(uow, cast, campaign, (EMAIL, 1), (CALL, 1), (EMAIL, 2))
    rows = uow.session.scalars(sa.select(Delivery).order_by(Delivery.id)).all()
    assert [(row.step_key, row.kind, row.name) for row in rows] == [
        (first, DeliveryKind.CONTINUOUS, "Q4 CFO outreach · day 1, step 1"),
        (third, DeliveryKind.CONTINUOUS, "Q4 CFO outreach · day 2, step 1"),
    ]
    assert all(uow.session.get(Hold, ("delivery", row.id)) for row in rows)
    editing.delete_step(uow, cast.ana, campaign.id, third)
    assert uow.session.scalars(sa.select(Delivery.step_key)).all() == [first]
    holds = sa.select(sa.func.count()).select_from(Hold).where(Hold.kind == "delivery")
    assert uow.session.scalar(holds) == 1


def test_it_gathers_changes_of_a_running_campaign_until_they_are_applied(
    uow: UnitOfWork, cast: Cast, campaign: Campaign
) -> None:
    first, second = add(uow, cast, campaign, (EMAIL, 1), (EMAIL, 3))
    uow.move(CAMPAIGN, campaign, "launch")
    editing.delete_step(uow, cast.ana, campaign.id, second)
    assert [step.key for step in in_force(uow.session, campaign).steps] == [first, second]
    assert apply_changes(uow, cast.ben, campaign.id).number == campaign.version
    assert [step.key for step in in_force(uow.session, campaign).steps] == [first]
    assert set(uow.session.scalars(sa.select(Delivery.step_key))) == {first, second}
    changed = uow.session.scalars(sa.select(Activity).where(Activity.kind == "campaign.changed")).one()
    assert (changed.data["former"], changed.data["version"]) == (3, 4)
    with pytest.raises(IllegalMove, match="no changes"):
        apply_changes(uow, cast.ben, campaign.id)


def test_it_throws_changes_away_and_brings_them_back(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    first, second = add(uow, cast, campaign, (EMAIL, 1), (EMAIL, 3))
    uow.move(CAMPAIGN, campaign, "launch")
    editing.delete_step(uow, cast.ana, campaign.id, second)
    former = discard_changes(uow, cast.ana, campaign.id).former
    assert newest(uow.session, campaign).number == campaign.version
    assert [step.key for step in now(uow, campaign)] == [first, second]
    editing.bring_back(uow, cast.ana, campaign.id, former)
    assert [step.key for step in now(uow, campaign)] == [first]


def test_it_hides_campaigns_of_other_teams(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    with pytest.raises(NotFound):
        editing.add_step(uow, cast.dirk, campaign.id, CALL, 1)
    assert editing.add_step(uow, cast.cleo, campaign.id, CALL, 1).version.number == 2


def test_it_edits_no_archived_campaign(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    uow.move(CAMPAIGN, campaign, "archive")
    with pytest.raises(IllegalMove, match="Restore it"):
        editing.add_step(uow, cast.ana, campaign.id, CALL, 1)


def test_it_stores_nothing_that_no_database_and_no_mail_can_carry(
    uow: UnitOfWork, cast: Cast, campaign: Campaign
) -> None:
    mail, call = add(uow, cast, campaign, (EMAIL, 1), (CALL, 1))
    words = StepWords(subject="Hi\x00\nthere", html="<p>a\x00b</p>", name="Call\x00", details="x\x00y")
    for key in (mail, call):
        editing.write_step(uow, cast.ana, campaign.id, key, words)
    uow.session.flush()
    steps = now(uow, campaign)
    assert uow.session.get_one(Wording, steps[0].wording_id).subject == "Hi there"
    assert (steps[1].name, steps[1].details) == ("Call", "xy")
    assert create_campaign(uow, cast.ana, "N\x00ame", "\x00").category == "General"


def test_it_gives_every_save_its_own_version_when_many_edit_at_once(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = create_campaign(uow, cast.ana, "Crowded")

    def add_call(day: int) -> None:
        with work() as uow:
            editing.add_step(uow, cast.ana, campaign.id, CALL, day)

    add_call(1)  # whichever comes first is on day 1
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_call, range(2, 9)))
    with work() as uow:
        version = newest(uow.session, uow.session.get_one(Campaign, campaign.id))
        assert (version.number, [step.day for step in version.steps]) == (9, list(range(1, 9)))
