"""Access: one file holds all that is known of a person."""

from __future__ import annotations

import json

import pytest

from sales_campaigns.erasure.erasing import erase
from sales_campaigns.erasure.telling import tell
from sales_campaigns.erasure.traces import TRACES
from sales_campaigns.errors import NotAllowed, NotFound
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from scheduler.jobs import run_until_quiet
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.incoming import a_raw_mail, answered
from tests.outgoing import due_mails
from tests.sink import Sink

EMAIL = "maria@example.com"


def test_one_file_holds_the_person_the_exact_mails_and_the_answers(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    due_mails(work, cast, EMAIL, "noah@example.com")
    run_until_quiet(room)
    with work() as uow:
        told = tell(uow, cast.cleo, email="MARIA@example.com")
        name = told["message"][0]["message_id"]
    answered(work, cast, room, a_raw_mail("Yes, gladly", answers=name))
    with work() as uow:
        told = tell(uow, cast.cleo, email=EMAIL)
    assert {trace.table for trace in TRACES} <= told.keys()
    assert told["person"][0]["first_name"] == "Maria" and told["address"][0]["email"] == EMAIL
    assert told["mail"][0]["text"].encode() == next(one.raw for one in sink.caught if b"maria@" in one.raw)
    assert "Yes, gladly" in told["received_mail"][0]["text"]
    written = json.dumps(told)
    assert "noah@example.com" not in written and "sealed" not in written
    assert "person.told" in {line["kind"] for line in told["activity"]}, "the time before"


def test_people_of_every_team_with_this_address_are_one_human(work: Work, cast: Cast) -> None:
    with work() as uow:
        first = a_person(uow, cast.ana, EMAIL)
        second = a_person(uow, cast.dirk, "", phone="1")
        second.address_id, second.email = first.address_id, EMAIL
    with work() as uow:
        told = tell(uow, cast.cleo, person_id=second.id)
    assert [row["id"] for row in told["person"]] == [first.id, second.id]


def test_only_administrators_of_the_installation_and_only_of_who_is_known(work: Work, cast: Cast) -> None:
    with work() as uow:
        number = a_person(uow, cast.ana, EMAIL).id
    with pytest.raises(NotAllowed), work() as uow:
        tell(uow, cast.ana, person_id=number)
    with work() as uow:
        erase(uow, cast.cleo, person_id=number)
    with pytest.raises(NotFound), work() as uow:
        tell(uow, cast.cleo, person_id=number)
