"""What the recipients of a rehearsal do has the effects that it has in life."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from integrations.sandbox import SandboxMail
from sales_campaigns.campaigns.file import read_campaign
from sales_campaigns.campaigns.simulating import Wish
from sales_campaigns.rehearsals.plays import Play, Rehearsed
from sales_campaigns.rehearsals.script import read_script
from scheduler.rehearsing import rehearse

FILE = """
format: sales-campaign/1
name: Three mails
settings: {on_reply: end, out_of_office: pause}
steps:
  - {day: 1, type: email, send: choose, subject: "Hello {{ first_name }}", html: <p>One</p>}
  - {day: 3, type: email, send: at, at: "09:00", follow_up: true, html: <p>Two</p>}
  - {day: 5, type: call, name: Call}
  - {day: 6, type: email, send: at, at: "09:00", subject: Three, html: <p>Three</p>}
"""
MARIA = {"email": "maria@example.com", "first_name": "Maria"}
NOAH = {"email": "noah@example.com", "first_name": "Noah"}


def rehearsed(*does: str, mail: str = "1", people: Any = (MARIA, NOAH)) -> Rehearsed:
    """From Monday 30 November 2026, 09:00 in Stockholm; Maria does this, Noah nothing."""
    events = "\n".join(f"      - {one}" for one in does)
    script = (
        f"format: sales-rehearsal/1\nrecipients:\n  - who: maria@*\n    mail: {mail}\n    does:\n{events}\n"
    )
    start = datetime.fromisoformat("2026-11-30T09:00")
    wish = Wish(read_campaign(FILE), start, "Europe/Stockholm", None, 0, None)
    return rehearse(SandboxMail, Play(wish, people, read_script(script)), lambda _: None)


def left(played: Rehearsed, who: str = "maria@example.com") -> list[str]:
    return [one["at"] for one in played.told()["messages"] if one["person"] == who]


def state(played: Rehearsed, who: str = "maria@example.com") -> str:
    return played.endings[who].state


@pytest.mark.parametrize(
    "event", ["reply after 1d Tell me more.", "unsubscribe after 1h", "complaint after 1h"]
)
def test_it_ends_for_whoever_answers_and_goes_on_for_the_others(event: str) -> None:
    played = rehearsed(event)
    assert left(played) == ["2026-11-30T08:00:00Z"] and state(played) == "ended"
    assert len(left(played, "noah@example.com")) == 3 and state(played, "noah@example.com") == "finished"
    [answer] = played.told()["came_back"]
    assert answer["at"] > "2026-11-30T08:00:00Z"


def test_it_waits_until_somebody_out_of_office_is_back() -> None:
    played = rehearsed("out_of_office until 2026-12-07")
    first, second, third = left(played)
    assert first == "2026-11-30T08:00:00Z" and "2026-12-07" < second < third
    assert state(played) == "finished"


@pytest.mark.parametrize("event", ["hard", "hard after 5m"])
def test_it_ends_at_a_hard_bounce_at_once_and_later(event: str) -> None:
    """Hard bounce: the address is quarantined; “remove on bounce” ends it."""
    played = rehearsed(event)
    assert left(played) == (["2026-11-30T08:00:00Z"] if "after" in event else [])
    assert state(played) == "ended"


def test_it_sends_what_was_refused_for_now_once_more() -> None:
    assert left(rehearsed("soft then fine"))[0] == "2026-11-30T09:00:00Z"


def test_it_takes_the_number_of_the_mail() -> None:
    assert len(left(rehearsed("reply after 1h", mail="2"))) == 2
    assert len(left(rehearsed("open after 2h", "click", mail="every"))) == 3


def test_it_is_the_same_every_time() -> None:
    again = [rehearsed("open", "reply after 1d").told() for _ in range(2)]
    assert again[0] == again[1]
