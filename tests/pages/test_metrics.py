"""/metrics, for a monitor: what it may read, and that nobody else may."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.checkups.promises import NAMES
from sales_campaigns.clock import machine_now
from sales_campaigns.messages.models import Message
from sales_campaigns.presence import beat
from sales_campaigns.settings import Settings
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails
from web.public.metrics import NUMBERS

TOKEN = "a token for the monitor"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"metrics_token": TOKEN})


def read(app: Flask, token: str = TOKEN) -> dict[tuple[str, ...], float]:
    """(name, values of its labels …) → figure."""
    answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {
        (one.name.removeprefix("sales_campaigns_"), *one.labels.values()): one.value
        for family in families
        for one in family.samples
    }


def test_it_tells_lag_queues_processes_and_promises(app: Flask, work: Work, cast: Cast) -> None:
    """The rule: lag, states, uncertain, retries, per mailbox."""
    ahead, due, *others = due_mails(work, cast, *(f"{name}@example.com" for name in "abcde"))
    in_hand, retrying, uncertain = others
    long_ago = machine_now() - timedelta(minutes=5)
    with work() as uow:
        beat(uow.session, "worker")
        stands: dict[int, dict[str, Any]] = {
            ahead: {"act_at": uow.now + timedelta(hours=1)},
            due: {"act_at": uow.now - timedelta(minutes=5), "due_at": uow.now - timedelta(minutes=5)},
            in_hand: {"state": "claimed", "owner": "x", "lease_until": long_ago},
            retrying: {"state": "retrying", "act_at": uow.now + timedelta(hours=1)},
            uncertain: {"state": "uncertain"},
        }
        for id, values in stands.items():
            uow.session.execute(sa.update(Message).where(Message.id == id).values(**values))
    told, box = read(app), cast.ana_box.address
    assert {name: told["mails", box, name] for name in NUMBERS} == dict.fromkeys(NUMBERS, 1)
    assert told["lag_seconds", "mail"] == 300 and told["lag_seconds", "reactions"] == 0
    assert {name: told["promise_broken", name] for name in NAMES} == {
        **dict.fromkeys(NAMES, 0),  # each has its line, so that an alarm can tell nought from silence
        "in_hand_past_lease": 1,
    }
    assert [name for name in told if name[:2] == ("process_alive", "worker")]


def test_it_tells_what_due_mails_of_a_mailbox_wait_for(app: Flask, work: Work, cast: Cast) -> None:
    due_mails(work, cast, "maria@example.com", "nils@example.com")
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(state="needs_reconnect"))
    assert read(app)["mails_held_up", cast.ana_box.address, "mailbox_lost"] == 2


@pytest.mark.parametrize("token", ["", "another"])
def test_without_its_token_there_is_nothing_here(app: Flask, token: str) -> None:
    answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404


def test_where_no_token_is_set_it_is_closed(app: Flask, settings: Settings) -> None:
    app.extensions["house"] = replace(
        app.extensions["house"], settings=settings.model_copy(update={"metrics_token": ""})
    )
    assert app.test_client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
