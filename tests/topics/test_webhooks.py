"""Webhooks: what happens is told once, signed, and tried again until it is taken; a test, a replay, a guard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa

from integrations.webhooks import Caller
from sales_campaigns.accounts.models import User
from sales_campaigns.activity import Activity
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound, Outside
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.webhooks import keeping
from sales_campaigns.webhooks.calling import call_webhook, webhooks_due
from sales_campaigns.webhooks.keeping import HookWish, add_webhook, call_again
from sales_campaigns.webhooks.models import CallState, WebhookCall
from sales_campaigns.webhooks.reading import tries_of
from sales_campaigns.webhooks.signing import is_signed
from sales_campaigns.webhooks.telling import tell_webhooks
from tests.cast import Cast
from tests.conftest import Work


class Receiver:
    """A program elsewhere: it remembers what it was told, and answers what it is told to answer."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        outer = self

        class Ear(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(outer.status)
                if outer.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks"

    @property
    def kinds(self) -> list[str]:
        return [json.loads(body)["kind"] for _, body in self.got]


@contextmanager
def listening() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


@pytest.fixture
def calling(room: PostRoom) -> PostRoom:
    """A room whose way out may lead to this machine."""
    return replace(room, hooks=Caller(private=True, seconds=5))


def a_webhook(work: Work, calling: PostRoom, user: User, url: str, *kinds: str) -> tuple[int, str]:
    with work() as uow:
        row, secret = add_webhook(uow, uow.session.get_one(User, user.id), calling.seal, HookWish(url, kinds))
        return row.id, secret


def happen(work: Work, team_id: int, *kinds: str) -> None:
    with work() as uow:
        for kind in kinds:
            uow.record(kind, team_id=team_id, data={"name": "Call Maria"})


def tell(work: Work, calling: PostRoom) -> None:
    with work() as uow:
        tell_webhooks(uow)
    for webhook_id in webhooks_due(calling):
        call_webhook(calling, webhook_id)


def later(work: Work, by: timedelta) -> None:
    """Let so much of the other side's time pass."""
    with work() as uow:
        for call in uow.session.scalars(sa.select(WebhookCall)):
            call.due_at = machine_now() - timedelta(seconds=1)
            call.asked_at = call.asked_at - by


def calls(work: Work) -> list[WebhookCall]:
    with work() as uow:
        return list(uow.session.scalars(sa.select(WebhookCall).order_by(WebhookCall.id)))


def test_what_happens_is_told_once_and_signed(
    work: Work, calling: PostRoom, cast: Cast, receiver: Receiver
) -> None:
    _, secret = a_webhook(work, calling, cast.cleo, receiver.url, "task.")
    happen(work, cast.cleo.team_id, "task.completed", "message.sent")
    tell(work, calling)
    tell(work, calling)
    assert receiver.kinds == ["task.completed"]
    headers, body = receiver.got[0]
    shown = (headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"])
    assert is_signed(secret, shown, body, int(machine_now().timestamp()))
    assert json.loads(body)["data"] == {"name": "Call Maria"}


def test_another_team_is_told_nothing(work: Work, calling: PostRoom, cast: Cast, receiver: Receiver) -> None:
    a_webhook(work, calling, cast.cleo, receiver.url)
    tell(work, calling)
    receiver.got.clear()
    happen(work, cast.dirk.team_id, "task.completed")
    tell(work, calling)
    assert receiver.got == []


def test_where_there_is_no_webhook_nothing_waits(work: Work, cast: Cast) -> None:
    happen(work, cast.ana.team_id, "task.completed")
    with work() as uow:
        assert not uow.session.scalar(sa.select(sa.exists().where(Activity.untold)))


def test_a_row_that_commits_late_is_told_too(
    work: Work, calling: PostRoom, cast: Cast, receiver: Receiver
) -> None:
    """Rows are claimed by their flag, never by counting up ids: a lower number may become visible later."""
    a_webhook(work, calling, cast.cleo, receiver.url, "task.")
    happen(work, cast.cleo.team_id, "task.opened", "task.completed")
    with work() as uow:
        late = uow.session.scalars(sa.select(Activity).where(Activity.kind == "task.opened")).one()
        late.untold = False  # not visible yet
    tell(work, calling)
    with work() as uow:
        uow.session.get_one(Activity, late.id).untold = True
    tell(work, calling)
    assert receiver.kinds == ["task.completed", "task.opened"]


def test_what_is_not_taken_is_tried_again_and_given_up_after_three_days(
    work: Work, calling: PostRoom, cast: Cast, receiver: Receiver
) -> None:
    a_webhook(work, calling, cast.cleo, receiver.url, "task.")
    receiver.status = 500
    happen(work, cast.cleo.team_id, "task.completed")
    tell(work, calling)
    (call,) = calls(work)
    assert (call.state, call.tries) == (CallState.WAITING, 1)
    assert call.due_at > machine_now()
    later(work, timedelta(minutes=1))
    tell(work, calling)
    assert len(receiver.got) == 2
    assert receiver.got[0][0]["webhook-id"] == receiver.got[1][0]["webhook-id"]
    later(work, timedelta(days=3))
    tell(work, calling)
    assert calls(work)[0].state is CallState.GIVEN_UP
    with work() as uow:
        assert [one.status for one in tries_of(uow.session, call)] == [500, 500, 500]


def test_while_one_is_not_taken_those_after_it_wait(
    work: Work, calling: PostRoom, cast: Cast, receiver: Receiver
) -> None:
    """The order stays, and a receiver that is down is not asked a thousand times."""
    a_webhook(work, calling, cast.cleo, receiver.url, "task.")
    receiver.status = 503
    happen(work, cast.cleo.team_id, "task.opened", "task.completed", "task.skipped")
    tell(work, calling)
    assert len(receiver.got) == 1
    receiver.status = 200
    later(work, timedelta(minutes=1))
    tell(work, calling)
    assert receiver.kinds == ["task.opened", "task.opened", "task.completed", "task.skipped"]


def test_a_redirect_is_not_followed(work: Work, calling: PostRoom, cast: Cast, receiver: Receiver) -> None:
    a_webhook(work, calling, cast.cleo, receiver.url, "task.")
    receiver.status = 302
    happen(work, cast.cleo.team_id, "task.completed")
    tell(work, calling)
    assert (len(receiver.got), calls(work)[0].state) == (1, CallState.WAITING)


def test_a_call_is_replayed_from_the_log(
    work: Work, calling: PostRoom, cast: Cast, receiver: Receiver
) -> None:
    a_webhook(work, calling, cast.cleo, receiver.url, "task.")
    happen(work, cast.cleo.team_id, "task.completed")
    tell(work, calling)
    (call,) = calls(work)
    with work() as uow:
        cleo = uow.session.get_one(User, cast.cleo.id)
        assert call_again(uow, cleo, call.id).state is CallState.WAITING
        with pytest.raises(IllegalMove):
            call_again(uow, cleo, call.id)
    tell(work, calling)
    assert receiver.kinds == ["task.completed", "task.completed"]


def test_a_test_tells_that_it_is_one(work: Work, calling: PostRoom, cast: Cast, receiver: Receiver) -> None:
    webhook_id, _ = a_webhook(work, calling, cast.cleo, receiver.url, "task.")
    with work() as uow:
        keeping.test_webhook(uow, uow.session.get_one(User, cast.cleo.id), webhook_id)
    tell(work, calling)
    assert receiver.kinds == ["webhook.test"]


def test_it_reaches_no_private_address_unless_that_is_set(receiver: Receiver) -> None:
    """Guarded against private addresses: the name is resolved once, and that address is the one it connects to."""
    for url in (receiver.url, receiver.url.replace("127.0.0.1", "localhost")):
        with pytest.raises(Outside, match="private address"):
            Caller().post(url, b"{}", {})
    assert receiver.got == []


def test_only_administrators_of_the_team_keep_webhooks(work: Work, calling: PostRoom, cast: Cast) -> None:
    webhook_id, _ = a_webhook(work, calling, cast.cleo, "https://hooks.example.com")
    with work() as uow:
        ana, dirk = uow.session.get_one(User, cast.ana.id), uow.session.get_one(User, cast.dirk.id)
        with pytest.raises(NotAllowed):
            keeping.delete_webhook(uow, ana, webhook_id)
        with pytest.raises(NotFound):
            keeping.delete_webhook(uow, dirk, webhook_id)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.com",
        "https://",
        "https://ana:secret@example.com",
        "https://exa mple.com",
        "https://[::1",
    ],
)
def test_an_address_that_is_none_is_refused(work: Work, calling: PostRoom, cast: Cast, url: str) -> None:
    with work() as uow, pytest.raises(Invalid):
        add_webhook(uow, uow.session.get_one(User, cast.cleo.id), calling.seal, HookWish(url))
