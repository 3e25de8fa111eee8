"""Pause is pressed in the page while three workers send a delivery to many: nothing begins after the answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.messages.models import Message
from sales_campaigns.settings import Settings
from tests.cast import Cast
from tests.conftest import Work
from tests.deliveries import confirmed, figures, let_jobs_run
from tests.pages.conftest import Browser
from tests.shards import SHARD
from tests.sink import Sink
from tests.torture.campaign import add_people
from tests.torture.installation import wait_until
from tests.torture.pauses import BEFORE_THE_GATE

Browse = Callable[[User], Browser]
WORKERS = 3
PORTION = 5_000  # the database ends a transaction that computes for long between two statements


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    """An installation that can be reached from outside: bulk mail may leave."""
    key = "only for the tests, and long enough"
    return Settings(secret_key=key, data_dir=tmp_path, public_url="https://mail.example.org")


@pytest.mark.parametrize(
    ("people", "seconds"),
    [(600, 0.02), pytest.param(SHARD.share(100_000), 0.0, marks=pytest.mark.deep)],
)
def test_no_mail_begins_after_the_answer_and_all_leave_after_resuming(
    people: int, seconds: float, work: Work, cast: Cast, room: PostRoom, sink: Sink, browse: Browse
) -> None:
    """The rule: nothing is gated after pause has returned; handed over after resuming = to deliver (spec/6)."""
    sink.manners = replace(sink.manners, seconds=seconds)
    cleo, number = browse(cast.cleo), _under_way(work, cast, people)
    with _workers(room, work):
        wait_until(lambda: len(sink.caught) > people / 6, 60 + people / 50, "some have left")
        assert cleo.post(f"/deliveries/{number}/pause").status_code == 303
        begun = _begun(work)
    assert len(begun) < people * 9 / 10, "it was in the middle"
    assert _taken(sink) == begun
    assert figures(work, number).to_come == people - len(sink.caught)
    cleo.post(f"/deliveries/{number}/resume")
    with _workers(room, work):
        pass
    assert len(sink.caught) == len(_taken(sink)) == people == figures(work, number).handed


def _under_way(work: Work, cast: Cast, people: int) -> int:
    """A delivery of Cleo to so many, all of whose mails are due."""
    with work() as uow:
        for first in range(0, people, PORTION):
            add_people(uow, cast, min(PORTION, people - first), first)
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=True, daily_limit=1_000_000))
    number = confirmed(work, cast.cleo)
    let_jobs_run(work)
    return number


@contextmanager
def _workers(room: PostRoom, work: Work) -> Iterator[None]:
    """Three that send side by side, and feed the outbox, until none finds anything more."""
    with work() as uow:
        box = uow.session.scalars(sa.select(Message.mailbox_id).limit(1)).one()
    rooms = [replace(room, owner=f"worker {one}") for one in range(WORKERS)]
    one_feeds = threading.Lock()
    threads = [threading.Thread(target=_empty, args=(one, box, work, one_feeds)) for one in rooms]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()


def _empty(room: PostRoom, mailbox_id: int, work: Work, one_feeds: threading.Lock) -> None:
    found = 1
    while found:
        with one_feeds:
            let_jobs_run(work)
        found = dispatch(room, mailbox_id)


def _begun(work: Work) -> set[str]:
    with work() as uow:
        begun = sa.select(Message.email).where(Message.state.not_in(BEFORE_THE_GATE))
        return set(uow.session.scalars(begun))


def _taken(sink: Sink) -> set[str]:
    return {mail.recipients[0] for mail in sink.caught}
