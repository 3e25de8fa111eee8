"""Several contents of one e-mail: who gets which, from the launch to the report, and deciding between them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa

from sales_campaigns.campaigns.beside_the_file import left_out_of_the_file
from sales_campaigns.campaigns.drafts import Steps
from sales_campaigns.campaigns.editing import SendChoice as Choice
from sales_campaigns.campaigns.editing import StepWords, choose_send, retype_step, write_step
from sales_campaigns.campaigns.file import read_campaign, write_campaign
from sales_campaigns.campaigns.filing import export_campaign
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner import SendOption, StepKind
from sales_campaigns.campaigns.variants import variant_for
from sales_campaigns.campaigns.varying import (
    add_variant,
    remove_variant,
    start_variant,
    stop_variant,
    use_for_all,
    weigh_variants,
)
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.models import Wording
from sales_campaigns.enrollments.changes.changing import change_campaign
from sales_campaigns.enrollments.changes.file_changes import plan_file
from sales_campaigns.enrollments.changes.settling_variants import settle_variant, unsettle
from sales_campaigns.enrollments.composing import open_composer
from sales_campaigns.enrollments.explaining.figures import step_figures
from sales_campaigns.enrollments.explaining.history import way_of
from sales_campaigns.enrollments.launches.checking import check_people
from sales_campaigns.enrollments.launches.first_mails import first_said
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork
from scheduler.fast_forward import fast_forward
from tests.builders import a_call, a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.sink import Sink

PEOPLE = 12


def steps_of(uow: UnitOfWork, campaign_id: int) -> Steps:
    return drafts_of(newest(uow.session, uow.session.get_one(Campaign, campaign_id)))


def vary(
    uow: UnitOfWork, cast: Cast, campaign_id: int, key: str, subject: str, html: str = "<p>Hi</p>"
) -> str:
    """One more variant that says this; its letter."""
    _, letter = add_variant(uow, cast.ana, campaign_id, key)
    write_step(uow, cast.ana, campaign_id, key, StepWords(subject, html, variant=letter))
    return letter


@pytest.fixture
def draft(work: Work, cast: Cast) -> tuple[int, str]:
    """A campaign whose first mail has two variants, for noon, and a follow-up; nobody is in it."""
    with work() as uow:
        mails = [a_mail(uow, 1, "Plain words", "<p>Plain</p>", at="12:00", key="first"), a_follow_up(uow, 2)]
        campaign = a_campaign(uow, cast.ana, mails)
        key = steps_of(uow, campaign.id)[0].key
        vary(uow, cast, campaign.id, key, "Bold words", "<p>Bold</p>")
    return campaign.id, key


@pytest.fixture
def running(work: Work, cast: Cast, draft: tuple[int, str]) -> tuple[int, str]:
    """The same with twelve people in it; their first mails are scheduled."""
    with work() as uow:
        ids = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(PEOPLE)]
        launch(uow, cast.ana, Order(draft[0], ids))
    return draft


def got(work: Work, campaign_id: int) -> dict[str, tuple[str, str]]:
    """Address → letter and subject of what each is to get, of the first mail."""
    query = sa.text(
        "SELECT m.email, m.variant, w.subject FROM message m JOIN wording w ON w.id = m.wording_id"
        " WHERE m.campaign_id = :id AND m.state <> 'cancelled' AND m.follows_id IS NULL"
    )
    with work() as uow:
        rows = uow.session.execute(query, {"id": campaign_id})
        return {email: (variant, subject) for email, variant, subject in rows}


def test_each_person_gets_the_variant_that_the_rule_gives(work: Work, running: tuple[int, str]) -> None:
    found = got(work, running[0])
    with work() as uow:
        step = steps_of(uow, running[0])[0]
        for email, (letter, subject) in found.items():
            chosen = variant_for(step.key, step.variants, email)
            assert chosen is not None
            assert (letter, subject) == (chosen.key, {"A": "Plain words", "B": "Bold words"}[letter])
    assert {letter for letter, _ in found.values()} == {"A", "B"}


def test_the_launch_shows_the_variant_that_the_person_will_get(
    work: Work, cast: Cast, running: tuple[int, str]
) -> None:
    found = got(work, running[0])
    with work() as uow:
        said = first_said(uow.session, newest(uow.session, uow.session.get_one(Campaign, running[0])))
        assert said is not None
        for person in uow.session.scalars(sa.select(Person)):
            assert (said.letter_for(person), said.to(person).subject) == found[person.email]


def test_a_persons_way_says_which(work: Work, cast: Cast, running: tuple[int, str]) -> None:
    found = got(work, running[0])
    with work() as uow:
        for enrollment in uow.session.scalars(sa.select(Enrollment)):
            _, way = way_of(uow.session, cast.ana, enrollment.id, uow.now)
            letter, subject = found[enrollment.email]
            assert [date.variant for date in way.dates] == [letter, ""]
            assert [date.title for date in way.dates] == [subject, f"Re: {subject}"]


def test_without_a_mail_to_follow_each_still_gets_the_own_variant(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, "Plain words"), a_follow_up(uow, 2)])
        key = steps_of(uow, campaign.id)[1].key
        vary(uow, cast, campaign.id, key, "", "<p>Otherwise</p>")
        ids = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(PEOPLE)]
        launch(uow, cast.ana, Order(campaign.id, ids, first_key=key))
    with work() as uow:
        step = steps_of(uow, campaign.id)[1]
        chosen = {
            mine.email: variant_for(step.key, step.variants, mine.email)
            for mine in uow.session.scalars(sa.select(Enrollment))
        }
        rows = sa.select(Message.email, Message.variant, Wording.html).join(
            Wording, Wording.id == Message.wording_id
        )
        for email, letter, html in uow.session.execute(rows):
            mine = chosen.pop(email)
            assert mine is not None and letter == mine.key
            assert html == {"A": "<p>And again</p>", "B": "<p>Otherwise</p>"}[letter]
    assert chosen == {}


def test_a_follow_up_quotes_that_persons_variant(
    work: Work, running: tuple[int, str], room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    found = got(work, running[0])
    fast_forward(room, clock, datetime(2026, 12, 4, 8, 0, tzinfo=UTC))
    words = {"A": "Plain", "B": "Bold"}
    mails = [(one.recipients[0], body_of(one.raw)) for one in sink.caught]
    assert len(mails) == 2 * PEOPLE
    for email, body in mails:
        letter = found[email][0]
        assert words[letter] in body
        assert words["B" if letter == "A" else "A"] not in body


def test_adding_a_variant_moves_nobody_who_has_one(work: Work, cast: Cast, running: tuple[int, str]) -> None:
    campaign_id, key = running
    before = got(work, campaign_id)
    with work() as uow:
        assert vary(uow, cast, campaign_id, key, "Third words") == "C"
        weigh_variants(uow, cast.ana, campaign_id, key, {"C": 100, "A": 1, "B": 1})
        change_campaign(uow, cast.ana, campaign_id)
    assert got(work, campaign_id) == before


def test_other_words_of_a_variant_reach_those_who_are_to_get_it(
    work: Work, cast: Cast, running: tuple[int, str]
) -> None:
    campaign_id, key = running
    before = got(work, campaign_id)
    with work() as uow:
        write_step(uow, cast.ana, campaign_id, key, StepWords("Bolder words", "<p>Bold</p>", variant="B"))
        change_campaign(uow, cast.ana, campaign_id)
    changed = {"A": "Plain words", "B": "Bolder words"}
    assert got(work, campaign_id) == {email: (one, changed[one]) for email, (one, _) in before.items()}


def test_stopping_a_variant_gives_its_scheduled_mails_another_and_can_be_undone(
    work: Work, cast: Cast, running: tuple[int, str]
) -> None:
    campaign_id, key = running
    before = got(work, campaign_id)
    with work() as uow:
        settled = settle_variant(uow, cast.ana, campaign_id, key, "B", "stop")
    assert settled.effect is not None, "it is in force"
    assert set(got(work, campaign_id).values()) == {("A", "Plain words")}
    with work() as uow:
        unsettle(uow, cast.ana, campaign_id, key, settled.edited.former)
    assert got(work, campaign_id) == before


def test_one_that_is_sent_again_gets_people_who_are_still_to_come(
    work: Work, cast: Cast, running: tuple[int, str]
) -> None:
    """The rule: a mail that is scheduled keeps its variant."""
    campaign_id, key = running
    with work() as uow:
        settle_variant(uow, cast.ana, campaign_id, key, "B", "stop")
        settle_variant(uow, cast.ana, campaign_id, key, "B", "start")
    assert {letter for letter, _ in got(work, campaign_id).values()} == {"A"}
    with work() as uow:
        ids = [a_person(uow, cast.ana, f"q{n}@example.com").id for n in range(PEOPLE)]
        launch(uow, cast.ana, Order(campaign_id, ids))
    assert {letter for letter, _ in got(work, campaign_id).values()} == {"A", "B"}


def test_use_this_for_all_from_now_on(work: Work, cast: Cast, running: tuple[int, str]) -> None:
    campaign_id, key = running
    with work() as uow:
        settle_variant(uow, cast.ana, campaign_id, key, "B", "only")
        late = a_person(uow, cast.ana, "late@example.com")
        launch(uow, cast.ana, Order(campaign_id, [late.id]))
    assert set(got(work, campaign_id).values()) == {("B", "Bold words")}


def test_a_decision_waits_with_other_changes(work: Work, cast: Cast, running: tuple[int, str]) -> None:
    campaign_id, key = running
    before = got(work, campaign_id)
    with work() as uow:
        write_step(uow, cast.ana, campaign_id, key, StepWords("Other", "<p>Other</p>", variant="A"))
        assert settle_variant(uow, cast.ana, campaign_id, key, "B", "stop").effect is None
    assert got(work, campaign_id) == before


def test_a_colleague_decides_for_new_people_only_as_any_change(
    work: Work, cast: Cast, running: tuple[int, str]
) -> None:
    campaign_id, key = running
    with work() as uow:
        assert settle_variant(uow, cast.ben, campaign_id, key, "B", "stop").effect is None


def test_words_typed_at_the_launch_count_for_no_variant(
    work: Work, cast: Cast, draft: tuple[int, str]
) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana)
        launch(uow, cast.ana, Order(draft[0], [person.id], words={person.id: ("Mine", "<p>Mine</p>")}))
        assert uow.session.scalars(sa.select(Message.variant)).all() == [""]


def test_who_lacks_a_field_of_their_own_variant_is_excluded(
    work: Work, cast: Cast, draft: tuple[int, str]
) -> None:
    with work() as uow:
        write_step(uow, cast.ana, *draft, StepWords("For {{ title }}", "<p>Hi</p>", variant="B"))
        people = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(PEOPLE)]
        campaign = uow.session.get_one(Campaign, draft[0])
        version = newest(uow.session, campaign)
        checked = check_people(uow.session, cast.ana, campaign, version, people, cast.ana_box)
        said = first_said(uow.session, version)
        assert said is not None
        assert {said.letter_for(one.person) for one in checked.excluded} == {"B"}
        assert {said.letter_for(person) for person in checked.to_deliver} == {"A"}


def test_a_task_opens_with_the_persons_variant(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    with work() as uow:
        mail = a_mail(uow, 1, "Plain, {{ first_name }}", send=SendOption.TASK, key="first")
        campaign = a_campaign(uow, cast.ana, [mail])
        vary(uow, cast, campaign.id, mail.key, "Bold, {{ first_name }}")
        ids = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(PEOPLE)]
        launch(uow, cast.ana, Order(campaign.id, ids))
    fast_forward(room, clock, datetime(2026, 11, 30, 9, 0, tzinfo=UTC))
    with work() as uow:
        step = steps_of(uow, campaign.id)[0]
        names = set()
        for task, person in uow.session.execute(
            sa.select(Task, Person).join(Person, Person.id == Task.person_id)
        ):
            one = variant_for(step.key, step.variants, person.email)
            assert one is not None
            assert task.name == {"A": "Plain, Maria", "B": "Bold, Maria"}[one.key]
            assert open_composer(uow.session, cast.ana, task, person).words.subject == task.name
            names.add(task.name)
        assert len(names) == 2


def test_the_report_counts_each_variant_by_itself(
    work: Work, cast: Cast, running: tuple[int, str], room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    campaign_id, key = running
    fast_forward(room, clock, datetime(2026, 11, 30, 12, 0, tzinfo=UTC))
    found = got(work, campaign_id)
    with work() as uow:
        first = uow.session.scalars(sa.select(Message).where(Message.variant == "B").limit(1)).one()
        uow.record("reply.received", message_id=first.id, campaign_id=campaign_id)
    with work() as uow:
        figures = step_figures(uow.session, uow.session.get_one(Campaign, campaign_id), key)
    letters = [letter for letter, _ in found.values()]
    told = {letter: (one.sent, one.delivered, one.replied) for letter, one in figures.variants.items()}
    assert told == {
        "A": (letters.count("A"), letters.count("A"), 0),
        "B": (letters.count("B"), letters.count("B"), 1),
    }
    assert figures.funnel.sent == sum(one.sent for one in figures.variants.values())


def test_a_file_has_the_first_variant_and_says_so(work: Work, cast: Cast, draft: tuple[int, str]) -> None:
    with work() as uow:
        campaign = uow.session.get_one(Campaign, draft[0])
        text = write_campaign(export_campaign(uow.session, campaign))
        assert "Plain words" in text
        assert "Bold words" not in text
        assert left_out_of_the_file(uow.session, campaign) == [
            "Day 1, step 1: a campaign file has the first of its variants only."
        ]
        assert plan_file(uow, cast.ana, read_campaign(text)).nothing, "the file changes no variant"


def test_a_variant_that_cannot_be_sent_keeps_people_from_being_added(
    work: Work, cast: Cast, draft: tuple[int, str]
) -> None:
    with work() as uow:
        with pytest.raises(Invalid, match=r"\{\{"):
            write_step(uow, cast.ana, *draft, StepWords("Hi {{", "<p>Hi</p>", variant="B"))
        choose_send(uow, cast.ana, *draft, Choice(SendOption.TASK))
        write_step(uow, cast.ana, *draft, StepWords("Hi", "<p>{{! What? }}</p>", variant="B"))
        with pytest.raises(Invalid, match="prompt"):
            choose_send(uow, cast.ana, *draft, Choice(SendOption.CHOOSE))


def body_of(raw: bytes) -> str:
    parts = message_from_bytes(raw, policy=policy.default).walk()
    return " ".join(str(part.get_content()) for part in parts if not part.is_multipart())


class TestEditing:
    def test_two_to_five_variants(self, work: Work, cast: Cast, draft: tuple[int, str]) -> None:
        with work() as uow:
            for letter in "CDE":
                assert add_variant(uow, cast.ana, *draft)[1] == letter
            with pytest.raises(Invalid, match="at most 5"):
                add_variant(uow, cast.ana, *draft)

    def test_a_step_without_words_has_none(self, work: Work, cast: Cast) -> None:
        with work() as uow:
            campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, wording_id=None), a_call(2)])
            mail, call = steps_of(uow, campaign.id)
            with pytest.raises(Invalid, match="Write the e-mail first"):
                add_variant(uow, cast.ana, campaign.id, mail.key)
            with pytest.raises(Invalid, match="Only an e-mail"):
                add_variant(uow, cast.ana, campaign.id, call.key)

    def test_weights_are_numbers_from_1_to_100(self, work: Work, cast: Cast, draft: tuple[int, str]) -> None:
        with work() as uow:
            with pytest.raises(Invalid) as refusal:
                weigh_variants(uow, cast.ana, *draft, {"A": 0, "B": 101})
            assert set(refusal.value.problems) == {"weight.A", "weight.B"}
            weigh_variants(uow, cast.ana, *draft, {"A": 90, "B": 10})
            assert [one.weight for one in steps_of(uow, draft[0])[0].variants] == [90, 10]

    def test_the_last_one_is_not_stopped(self, work: Work, cast: Cast, draft: tuple[int, str]) -> None:
        with work() as uow:
            stop_variant(uow, cast.ana, *draft, "A")
            with pytest.raises(IllegalMove):
                stop_variant(uow, cast.ana, *draft, "B")
            start_variant(uow, cast.ana, *draft, "A")
            use_for_all(uow, cast.ana, *draft, "A")
            assert [one.stopped for one in steps_of(uow, draft[0])[0].variants] == [False, True]
            with pytest.raises(NotFound):
                stop_variant(uow, cast.ana, *draft, "Q")

    def test_the_words_of_the_step_are_those_of_its_first_that_is_sent(
        self, work: Work, cast: Cast, draft: tuple[int, str]
    ) -> None:
        with work() as uow:
            stop_variant(uow, cast.ana, *draft, "A")
            step = steps_of(uow, draft[0])[0]
            assert step.wording_id == step.variants[1].wording_id

    def test_in_a_draft_one_is_taken_off_and_afterwards_only_stopped(
        self, work: Work, cast: Cast, draft: tuple[int, str]
    ) -> None:
        with work() as uow:
            remove_variant(uow, cast.ana, *draft, "A")
            step = steps_of(uow, draft[0])[0]
            assert step.variants == ()
            assert letters_after(uow, cast, draft) == ["A", "B"], "nothing was sent, so no figure is mistaken"
            launch(uow, cast.ana, Order(draft[0], [a_person(uow, cast.ana).id]))
            with pytest.raises(IllegalMove, match="Stop the variant"):
                remove_variant(uow, cast.ana, *draft, "A")

    def test_another_kind_of_step_has_no_variants(
        self, work: Work, cast: Cast, draft: tuple[int, str]
    ) -> None:
        with work() as uow:
            retype_step(uow, cast.ana, *draft, StepKind.CALL)
            assert steps_of(uow, draft[0])[0].variants == ()

    def test_words_of_a_variant_that_somebody_else_saved_are_not_overwritten_unseen(
        self, work: Work, cast: Cast, draft: tuple[int, str]
    ) -> None:
        with work() as uow:
            seen = newest(uow.session, uow.session.get_one(Campaign, draft[0])).number
            write_step(uow, cast.ben, *draft, StepWords("Theirs", "<p>Hi</p>", variant="B"), seen)
            with pytest.raises(Invalid, match="Somebody else"):
                write_step(uow, cast.ana, *draft, StepWords("Mine", "<p>Hi</p>", variant="B"), seen)


def letters_after(uow: UnitOfWork, cast: Cast, draft: tuple[int, str]) -> Sequence[str]:
    add_variant(uow, cast.ana, *draft)
    return [one.key for one in steps_of(uow, draft[0])[0].variants]
