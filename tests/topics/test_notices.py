"""Notices: who is told what, once each; by mail where it is wished; a digest on the morning of the user."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, MailboxState, User
from sales_campaigns.activity import Activity
from sales_campaigns.clock import VirtualClock
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.stops.stopping import release_everything, stop_everything
from sales_campaigns.notices.models import Notice, NoticeKind, UserLetter
from sales_campaigns.notices.reading import newest_notices, notices_after, see_all, unseen
from sales_campaigns.notices.sending_letters import NO_MAILBOX, send_letters
from sales_campaigns.notices.wishes import wish_notices, wishes_of
from sales_campaigns.notices.writing_letters import write_letters
from sales_campaigns.reactions import react
from sales_campaigns.tasks.changing import hand_on_many
from sales_campaigns.tasks.models import Task
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.incoming import a_bounce, a_raw_mail, answered, sent
from tests.sink import Sink

MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def words(work: Work, user: User) -> list[str]:
    with work() as uow:
        return [one.words for one in newest_notices(uow.session, user)]


def wished(
    work: Work, user: User, mailed: tuple[str, ...] = (), digest: str = "", weekly: bool = False
) -> None:
    with work() as uow:
        mine = uow.session.get_one(User, user.id)
        wish_notices(uow, mine, list(NoticeKind), mailed, digest, weekly=weekly)


def given(work: Work, cast: Cast, to: User, number: int = 1) -> None:
    """Cleo gives Ana's tasks to somebody, as one act."""
    with work() as uow:
        tasks = [
            Task(
                team_id=cast.ana.team_id,
                assignee_id=cast.cleo.id,
                kind="custom",
                name=f"Task {n}",
                due_at=uow.now,
                created_at=uow.now,
            )
            for n in range(number)
        ]
        uow.session.add_all(tasks)
        uow.session.flush()
        hand_on_many(uow, cast.cleo, tasks, uow.session.get_one(User, to.id))
    with work() as uow:
        react(uow)


def letters(work: Work) -> list[UserLetter]:
    with work() as uow:
        return list(uow.session.scalars(sa.select(UserLetter).order_by(UserLetter.id)))


def test_a_reply_and_a_bounce_are_told_to_the_owner_of_the_mailbox(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    [name] = sent(work, cast, room)
    answered(work, cast, room, a_raw_mail(answers=name), a_bounce(name))
    told = words(work, cast.ana)
    assert [one.partition(":")[0] for one in told] == [
        "A mail to Maria Santos came back",
        "Maria Santos replied",
    ]
    assert words(work, cast.ben) == []


def test_the_same_activity_is_told_once(work: Work, cast: Cast, room: PostRoom) -> None:
    given(work, cast, cast.ana)
    with work() as uow:
        again = sa.update(Activity).where(Activity.kind == "task.assigned")
        uow.session.execute(again.values(reacted_at=None))
    run_until_quiet(room)
    assert words(work, cast.ana) == ["Cleo Martin gave you “Task 0”"]


def test_many_tasks_of_one_act_are_one_line_and_ones_own_act_is_none(work: Work, cast: Cast) -> None:
    given(work, cast, cast.ana, 12)
    given(work, cast, cast.cleo)
    assert words(work, cast.ana) == ["Cleo Martin gave you 12 tasks"]
    assert words(work, cast.cleo) == []


def test_a_lost_mailbox_is_told_to_its_owner_and_to_administrators_of_the_team(
    work: Work, cast: Cast
) -> None:
    with work() as uow:
        lost = {"actor_id": cast.ana.id, "team_id": cast.ana.team_id, "data": {"words": "password refused"}}
        uow.record("mailbox.lost", **lost)
    with work() as uow:
        react(uow)
    assert words(work, cast.ana) == ["Your mailbox no longer sends: password refused"]
    assert words(work, cast.cleo) == ["The mailbox of Ana Lind no longer sends: password refused"]
    assert words(work, cast.ben) == words(work, cast.dirk) == []


def test_seeing_them_counts_down_and_leaves_later_ones(work: Work, cast: Cast) -> None:
    given(work, cast, cast.ana)
    with work() as uow:
        [first] = newest_notices(uow.session, cast.ana)
    given(work, cast, cast.ana)
    with work() as uow:
        assert unseen(uow.session, cast.ana) == 2
        assert len(notices_after(uow.session, cast.ana, first.id)) == 1
        assert see_all(uow, cast.ana, first.id) == 1
        assert unseen(uow.session, cast.ana) == 1
        assert see_all(uow, cast.ben, 99) == 0, "nobody sees for others"


def test_wishes_are_kept_and_what_is_not_wished_is_not_shown(work: Work, cast: Cast) -> None:
    with work() as uow:
        mine = uow.session.get_one(User, cast.ana.id)
        kept = wish_notices(uow, mine, ["reply"], ["task", "nonsense"], "07:45", weekly=True)
    with work() as uow:
        assert wishes_of(uow.session.get_one(User, cast.ana.id)) == kept
    assert kept.mailed == {NoticeKind.TASK}
    given(work, cast, cast.ana)
    with work() as uow:
        mine = uow.session.get_one(User, cast.ana.id)
        assert newest_notices(uow.session, mine) == [], "by mail only"
        assert uow.session.scalars(sa.select(Notice.mail_at)).one() == uow.now + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("stored", "shown", "mailed"),
    [
        ({}, set(NoticeKind), {NoticeKind.DELIVERY}),
        ({"shown": ["reply"], "mailed": []}, {NoticeKind.REPLY, NoticeKind.DELIVERY}, {NoticeKind.DELIVERY}),
        (
            {"known": ["reply", "task"], "shown": [], "mailed": []},
            set(NoticeKind) - {"reply", "task"},
            {"delivery"},
        ),
        ({"known": list(NoticeKind), "shown": ["task"], "mailed": ["task"]}, {"task"}, {"task"}),
    ],
)
def test_a_kind_that_is_new_since_a_user_wished_is_as_for_everybody(
    work: Work, cast: Cast, stored: dict[str, list[str]], shown: set[str], mailed: set[str]
) -> None:
    with work() as uow:
        mine = uow.session.get_one(User, cast.ana.id)
        mine.preferences = {"notices": stored}
        wishes = wishes_of(mine)
    assert (set(wishes.shown), set(wishes.mailed)) == (shown, mailed)


def test_by_mail_they_go_out_together_once_from_ones_own_mailbox(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    wished(work, cast.ana, ("task",))
    given(work, cast, cast.ana)
    given(work, cast, cast.ana, 3)
    run_until_quiet(room)
    assert sink.caught == [], "what comes within two minutes goes out in one mail"
    clock.forward(timedelta(minutes=2))
    for _ in range(2):
        run_until_quiet(room)
    [caught] = sink.caught
    mail = message_from_bytes(caught.raw, policy=policy.default)
    assert (mail["To"], mail["Auto-Submitted"]) == ("Ana Lind <ana@north.example>", "auto-generated")
    assert "ana@north.example" in mail["From"]
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert text.splitlines() == ["Cleo Martin gave you “Task 0”", "Cleo Martin gave you 3 tasks"]
    assert [one.sent_at for one in letters(work)] == [clock.now()]


def test_the_claim_stands_before_the_hand_over_so_nothing_goes_twice(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        about = {"user_id": cast.ana.id, "occasion": "digest", "subject": "Today", "text": "x", "at": uow.now}
        uow.session.add(UserLetter(**about, claimed_at=uow.now))  # whose process died with it in hand
    assert send_letters(room) == 0 and sink.caught == []


@pytest.mark.parametrize("change", [{"provider": "sandbox"}, {"state": MailboxState.NEEDS_RECONNECT}])
def test_it_takes_a_mailbox_of_the_team_and_never_a_sandbox(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, change: dict[str, object]
) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).where(Mailbox.id == cast.ana_box.id).values(**change))
        uow.session.add(
            UserLetter(user_id=cast.ana.id, occasion="digest", subject="Today", text="x\n", at=uow.now)
        )
    send_letters(room)
    assert [caught.sender for caught in sink.caught] == ["ben@north.example"]
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(**change))
        uow.session.add(
            UserLetter(user_id=cast.ana.id, occasion="later", subject="Today", text="x\n", at=uow.now)
        )
    send_letters(room)
    assert len(sink.caught) == 1
    assert letters(work)[1].trouble == NO_MAILBOX


def test_stop_all_sending_keeps_them_too(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    with work() as uow:
        stop_everything(uow, cast.cleo)
        uow.session.add(
            UserLetter(user_id=cast.ana.id, occasion="digest", subject="Today", text="x\n", at=uow.now)
        )
    assert send_letters(room) == 0 and sink.caught == []
    with work() as uow:
        release_everything(uow, cast.cleo)
    assert send_letters(room) == 1 and len(sink.caught) == 1


def test_the_digest_comes_once_at_the_users_own_time(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """It is Monday 09:00 in Stockholm; Ben has his times in New York."""
    with work() as uow:
        uow.session.get_one(User, cast.ben.id).zone = "America/New_York"
    for user in (cast.ana, cast.ben):
        wished(work, user, digest="09:00")
        given(work, cast, user)
    written = []
    for hours in range(8):
        clock.move_to(MONDAY + timedelta(hours=hours))
        with work() as uow:
            written.append(write_letters(uow))
    assert written == [1, 0, 0, 0, 0, 0, 1, 0]
    assert [(one.user_id, one.occasion) for one in letters(work)] == [
        (cast.ana.id, "digest 2026-11-30"),
        (cast.ben.id, "digest 2026-11-30"),
    ]
    assert "1 task due today" in letters(work)[0].text


def test_an_empty_morning_and_one_that_was_missed_bring_none(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    wished(work, cast.ana, digest="09:00")
    with work() as uow:
        assert write_letters(uow) == 0, "nothing to say"
    given(work, cast, cast.ana)
    clock.forward(timedelta(hours=4))
    with work() as uow:
        assert write_letters(uow) == 0, "13:00 is no morning"


def test_the_weekly_report_comes_on_monday(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    wished(work, cast.ana, weekly=True)
    sent(work, cast, room)
    clock.move_to(MONDAY + timedelta(days=6))
    with work() as uow:
        assert write_letters(uow) == 0, "Sunday"
    clock.move_to(MONDAY + timedelta(days=7))
    with work() as uow:
        assert write_letters(uow) == 1
    [letter] = letters(work)
    assert letter.subject == "Your week: 0 replied of 1"
    assert "E-mails sent (total): 1 (+1)" in letter.text
