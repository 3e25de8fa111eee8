"""What a process noted on its machine settles what its rows leave open, once it is dead, and never before."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.messages.handing_over.claiming import Claim, claim_due
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.gate import Gated, gate
from sales_campaigns.messages.handing_over.journal import Journal, journal_in
from sales_campaigns.messages.handing_over.recovery import recover, settle_journals
from sales_campaigns.messages.models import Message
from sales_campaigns.ports import HandOver
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import attempts, due_mails, message, send, states
from tests.sink import Sink

FOUR = tuple(f"{name}@example.com" for name in ("maria", "nils", "olga", "per"))


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def noting(room: PostRoom, tmp_path: Path) -> PostRoom:
    return replace(room, journals=tmp_path / "journals")


def let_through(work: Work, cast: Cast, room: PostRoom, journal: Journal) -> list[Gated]:
    """All due mail of Ana's mailbox is gated, as a bulk lane does it, and noted."""
    with work() as uow:
        claims = claim_due(uow, cast.ana_box.id, room.owner, 900, 100)
    journal.gates(claims)
    with work() as uow:
        return gate(uow, claims)


def die_with(work: Work, cast: Cast, room: PostRoom) -> None:
    """Four are let through: the first is answered, the second refused, the third begun, the fourth is not."""
    with suppress(Killed), journal_in(room.journals, room.owner) as journal:
        assert journal is not None
        first, second, third, _ = (one.mail.key for one in let_through(work, cast, room, journal))
        journal.begins(first)
        journal.answers(HandOver(first, "2.0.0 ok", 250, provider_id="q1"))
        journal.begins(second)
        refused = Outside(OutsideKind.RECIPIENT, "nobody here", code=550, enhanced="5.1.1")
        journal.answers(HandOver(second, "nobody here", 550, refused))
        journal.begins(third)
        raise Killed


def test_it_says_what_was_answered_what_is_uncertain_and_what_never_began(
    work: Work, cast: Cast, noting: PostRoom, sink: Sink
) -> None:
    """The rule: on bulk lanes the local journal sends back to pending what was gated and never begun."""
    ids = due_mails(work, cast, *FOUR)
    die_with(work, cast, noting)
    assert states(work) == ["sending"] * 4
    assert settle_journals(noting) == 4
    assert states(work) == ["sent", "failed", "uncertain", "pending"]
    assert [(one.number, one.outcome, one.code) for one in attempts(work)] == [
        (1, "accept", 250),
        (1, "fail", 550),
    ]
    last = message(work, ids[3])
    assert (last.attempts, last.recoveries, last.owner) == (0, 1, None)
    send(noting)
    assert states(work) == ["sent", "failed", "uncertain", "sent"]
    assert [mail.recipients[0] for mail in sink.caught] == [FOUR[3]], "the others had their chance"


def test_what_was_taken_and_not_come_to_is_free_at_once_and_was_not_what_ended_it(
    work: Work, cast: Cast, noting: PostRoom
) -> None:
    ids = due_mails(work, cast, *FOUR)
    with suppress(Killed), journal_in(noting.journals, noting.owner) as journal:
        assert journal is not None
        with work() as uow:
            claims = claim_due(uow, cast.ana_box.id, noting.owner, 900, 100)
        journal.gates(claims[:1])
        with work() as uow:
            gate(uow, claims[:1])
        journal.gates(claims[1:2])  # and it dies while it looks at this one
        raise Killed
    assert states(work) == ["sending", "claimed", "claimed", "claimed"]
    settle_journals(noting)
    assert states(work) == ["pending"] * 4
    assert [message(work, id).recoveries for id in ids] == [1, 1, 0, 0]
    assert {message(work, id).owner for id in ids} == {None}


def test_the_mail_that_processes_die_with_at_the_gate_is_set_aside_by_the_third_journal_too(
    work: Work, cast: Cast, noting: PostRoom
) -> None:
    """The rule: three recoveries, then it is set aside."""
    ids = due_mails(work, cast, *FOUR)
    for _ in range(4):
        with suppress(Killed), journal_in(noting.journals, noting.owner) as journal:
            assert journal is not None
            with work() as uow:
                claims = claim_due(uow, cast.ana_box.id, noting.owner, 900, 100)
            journal.gates(claims[:1])
            raise Killed
        settle_journals(noting)
    assert states(work) == ["cancelled", "pending", "pending", "pending"]
    assert message(work, ids[0]).reason == "set_aside"
    assert {message(work, id).recoveries for id in ids[1:]} == {0}


def test_what_was_taken_where_deliveries_are_confirmed_waits_for_its_notice(
    work: Work, cast: Cast, noting: PostRoom, sink: Sink
) -> None:
    """A journal of an older version does not say so; it is read all the same."""
    due_mails(work, cast, *FOUR[:3])
    with suppress(Killed), journal_in(noting.journals, noting.owner) as journal:
        assert journal is not None
        for one in let_through(work, cast, noting, journal):
            journal.begins(one.mail.key)
            journal.answers(HandOver(one.mail.key, "2.0.0 ok", 250, confirms=one.mail.key > 1))
        raise Killed
    [path] = _files(noting)
    path.write_text(path.read_text().replace("null, false]", "null]"))
    assert settle_journals(noting) == 3
    assert states(work) == ["sent", "relayed", "relayed"]


def test_an_answer_is_noted_before_the_next_beginning_and_a_refusal_at_once(tmp_path: Path) -> None:
    with journal_in(tmp_path, "a process") as journal:
        assert journal is not None
        journal.begins(1)
        journal.answers(HandOver(1, '2.0.0 "ok"', 250))
        journal.begins(2)
        journal.answers(HandOver(3, "no", 550, Outside(OutsideKind.RECIPIENT, "no", code=550)))
        [path] = tmp_path.iterdir()
        lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [next(iter(line)) for line in lines[1:]] == ["begins", "answers", "begins", "answers"]
    assert [line["answers"][:3] for line in lines if "answers" in line] == [
        [1, '2.0.0 "ok"', 250],
        [3, "no", 550],
    ]


def test_what_two_threads_note_at_once_are_whole_lines(tmp_path: Path) -> None:
    """One notes what is let through while the other hands over what was before."""
    with journal_in(tmp_path, "a process") as journal:
        assert journal is not None
        claims = [Claim(number, "a process", 1, 900, ()) for number in range(100)]

        def let_through() -> None:
            for _ in range(50):
                journal.gates(claims)

        other = threading.Thread(target=let_through)
        other.start()
        for number in range(500):
            journal.begins(number)
            journal.answers(HandOver(number, "2.0.0 ok", 250))
        other.join()
        journal.tell()
        [path] = tmp_path.iterdir()
        lines = [next(iter(json.loads(line))) for line in path.read_text().splitlines()]
    assert Counter(lines) == {"owner": 1, "gates": 50, "begins": 500, "answers": 500}


def test_it_settles_also_what_has_become_uncertain_with_its_lease_meanwhile(
    work: Work, cast: Cast, noting: PostRoom, sink: Sink
) -> None:
    due_mails(work, cast, *FOUR)
    die_with(work, cast, noting)
    with work() as uow:
        recover(uow, everything=True)
    assert states(work) == ["uncertain"] * 4
    settle_journals(noting)
    assert states(work) == ["sent", "failed", "uncertain", "pending"]


def test_it_is_read_once(work: Work, cast: Cast, noting: PostRoom, sink: Sink) -> None:
    due_mails(work, cast, *FOUR)
    die_with(work, cast, noting)
    assert (settle_journals(noting), settle_journals(noting)) == (4, 0)
    assert noting.journals is not None and not list(noting.journals.iterdir())


def test_one_of_a_process_that_lives_is_left_alone(
    work: Work, cast: Cast, noting: PostRoom, sink: Sink
) -> None:
    due_mails(work, cast, *FOUR)
    with journal_in(noting.journals, noting.owner) as journal:
        assert journal is not None
        let_through(work, cast, noting, journal)
        assert settle_journals(noting) == 0
    assert states(work) == ["sending"] * 4


def test_one_of_another_boot_says_nothing_because_its_last_lines_may_be_lost(
    work: Work, cast: Cast, noting: PostRoom, sink: Sink
) -> None:
    due_mails(work, cast, *FOUR)
    die_with(work, cast, noting)
    for path in _files(noting):
        head, *lines = path.read_text().splitlines()
        older = json.dumps({**json.loads(head), "boot": "another"})
        path.write_text("\n".join([older, *lines, ""]))
    assert settle_journals(noting) == 0
    assert states(work) == ["sending"] * 4


def test_a_claim_that_somebody_else_took_over_is_not_touched(
    work: Work, cast: Cast, noting: PostRoom, sink: Sink
) -> None:
    due_mails(work, cast, *FOUR)
    die_with(work, cast, noting)
    with work() as uow:
        uow.session.execute(sa.update(Message).values(generation=Message.generation + 1))
    assert settle_journals(noting) == 0
    assert states(work) == ["sending"] * 4


def test_nothing_is_left_when_all_is_written_down(
    work: Work, cast: Cast, noting: PostRoom, sink: Sink
) -> None:
    due_mails(work, cast, *FOUR)
    send(noting)
    assert states(work) == ["sent"] * 4
    assert not list(_files(noting))


def _files(room: PostRoom) -> Iterator[Path]:
    assert room.journals is not None
    return room.journals.glob("*.journal")
