"""What simulate prints."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from sales_campaigns.campaigns.file import read_campaign
from sales_campaigns.campaigns.simulating import simulate
from sales_campaigns.errors import Invalid

HEAD = "format: sales-campaign/1\nname: Q4 CFO outreach\n"
TWO_MAILS = """
steps:
  - {day: 1, type: email, send: choose, subject: Hello, html: <p>…</p>}
  - {day: 3, type: email, send: at, at: "09:00", follow_up: true, html: <p>…</p>}
"""
WITH_CALL = TWO_MAILS + "  - {day: 3, type: call}\n"
ONE_MAIL = """
steps:
  - {day: 1, type: email, send: at, at: "09:00", html: x}
  - {day: 2, type: email, send: at, at: "09:00", html: x}
"""
EXAMPLE = """
{"campaign": "Q4 CFO outreach", "start": "2026-11-28T14:00:00Z", "zone": "Europe/Stockholm",
 "targeted": 2, "to_deliver": 1, "excluded": [{"person": "x@", "cause": "invalid_address"}],
 "entries": [
  {"person": "ana@example.com", "day": 1, "step": 1, "type": "email", "kind": "message",
   "at": "2026-11-30T14:00:00Z", "local": "2026-11-30T15:00:00+01:00", "zone": "Europe/Stockholm",
   "follows": null, "moved": [{"why": "weekend", "from": "2026-11-28T15:00:00+01:00"}]},
  {"person": "ana@example.com", "day": 3, "step": 1, "type": "email", "kind": "message",
   "at": "2026-12-02T08:00:00Z", "local": "2026-12-02T09:00:00+01:00", "zone": "Europe/Stockholm",
   "follows": {"day": 1, "step": 1}, "moved": []}],
 "finishes": "2026-12-02T08:00:00Z", "bottleneck": null}
"""
ANA, BEN = {"email": "Ana@Example.com"}, {"email": "ben@example.com", "time_zone": "America/New_York"}


def simulated(
    text: str, people: list[dict[str, str]], start: str = "2026-11-23T08:00", **more: Any
) -> dict[str, Any]:
    campaign = read_campaign(HEAD + text)
    return simulate(campaign, people, start=datetime.fromisoformat(start), zone="Europe/Stockholm", **more)


def lines(result: dict[str, Any]) -> list[str]:
    return [f"{entry['person'].split('@')[0]} {entry['local'][:16]}" for entry in result["entries"]]


def test_it_prints_the_example_exactly() -> None:
    result = simulated(
        "settings: {skip_weekends: true}" + TWO_MAILS, [ANA, {"email": "x@"}], start="2026-11-28T15:00"
    )
    assert json.dumps(result) == json.dumps(json.loads(EXAMPLE))


def test_it_adds_when_a_task_is_done_and_finishes_with_it() -> None:
    result = simulated(WITH_CALL, [ANA], task_delay_days=2)
    task = result["entries"][-1]
    assert (task["kind"], task["step"], task["done"]) == ("task", 2, "2026-11-27T08:00:00Z")
    assert result["finishes"] == task["done"] and "done" not in result["entries"][0]


def test_it_names_everybody_who_is_excluded_and_why() -> None:
    people = [ANA, {"email": "ANA@example.com "}, {"email": "no address"}, {"phone": "+46 8 1"}]
    result = simulated(WITH_CALL, people)
    assert result["excluded"] == [
        {"person": "ana@example.com", "cause": "duplicate"},
        {"person": "no address", "cause": "invalid_address"},
        {"person": "row 4", "cause": "no_address"},
    ]
    assert (result["targeted"], result["to_deliver"]) == (4, 1)


def test_it_leaves_out_only_the_emails_of_somebody_without_an_address() -> None:
    result = simulated(WITH_CALL, [{"phone": "+46 8 1"}], mailbox_limit_per_day=1)
    assert [(entry["person"], entry["type"]) for entry in result["entries"]] == [("row 1", "call")]


def test_it_sorts_by_instant_then_person_then_step() -> None:
    result = simulated(WITH_CALL, [BEN, ANA])
    assert [(e["person"][:3], e["day"], e["step"]) for e in result["entries"]] == [
        ("ana", 1, 1),
        ("ben", 1, 1),
        ("ana", 3, 1),
        ("ana", 3, 2),
        ("ben", 3, 1),
        ("ben", 3, 2),
    ]


def test_it_plans_in_the_recipients_zone_where_the_campaign_says_so() -> None:
    result = simulated("settings: {timezone: recipient}" + ONE_MAIL, [BEN, ANA])
    assert [(entry["at"], entry["zone"]) for entry in result["entries"][:2]] == [
        ("2026-11-23T08:00:00Z", "Europe/Stockholm"),
        ("2026-11-23T14:00:00Z", "America/New_York"),
    ]


def test_it_lets_send_at_override_the_first_step() -> None:
    result = simulated(ONE_MAIL, [ANA], send_at=datetime.fromisoformat("2026-11-25T11:30"))
    assert lines(result) == ["ana 2026-11-25T11:30", "ana 2026-11-26T09:00"]
    assert result["start"] == "2026-11-23T07:00:00Z"


def test_it_takes_send_at_as_the_senders_wall_clock() -> None:
    chosen = datetime.fromisoformat("2026-11-25T11:30")
    result = simulated("settings: {timezone: recipient}" + ONE_MAIL, [BEN], send_at=chosen)
    assert result["entries"][0]["local"] == "2026-11-25T05:30:00-05:00"


@pytest.mark.parametrize(
    ("text", "more", "field"),
    [
        ("\nsteps:\n  - {day: 1, type: call}\n", {"send_at": "2026-11-25T11:30"}, "send_at"),
        ("\nsteps:\n  - {day: 1, type: email, send: task}\n", {"send_at": "2026-11-25T11:30"}, "send_at"),
        (ONE_MAIL, {"send_at": "2026-11-23T07:59"}, "send_at"),
        (ONE_MAIL, {"task_delay_days": -1}, "task_delay"),
        (ONE_MAIL, {"mailbox_limit_per_day": 0}, "mailbox_limit"),
    ],
)
def test_it_refuses_what_cannot_be(text: str, more: dict[str, Any], field: str) -> None:
    if "send_at" in more:
        more = {"send_at": datetime.fromisoformat(more["send_at"])}
    with pytest.raises(Invalid) as refused:
        simulated(text, [ANA], **more)
    assert list(refused.value.problems) == [field]


def test_it_refuses_an_unknown_zone() -> None:
    campaign = read_campaign(HEAD + ONE_MAIL)
    with pytest.raises(Invalid, match="Mars"):
        simulate(campaign, [], start=datetime.fromisoformat("2026-11-23T08:00"), zone="Mars")


def test_it_simulates_nobody() -> None:
    result = simulated(ONE_MAIL, [])
    assert (result["entries"], result["finishes"], result["bottleneck"]) == ([], None, None)


def test_it_skips_the_holidays_of_the_country() -> None:
    result = simulated("settings: {holidays: SE}" + ONE_MAIL, [ANA], start="2026-12-25T08:00")
    assert lines(result) == ["ana 2026-12-27T09:00", "ana 2026-12-28T09:00"]
    assert [move["why"] for move in result["entries"][0]["moved"]] == ["holiday"]


# --- a mailbox with a limit ---


def people(*names: str) -> list[dict[str, str]]:
    return [{"email": f"{name}@example.com"} for name in names]


def test_it_moves_what_exceeds_the_limit_to_the_next_day_where_later_steps_come_first() -> None:
    result = simulated(ONE_MAIL, people("cleo", "ana", "ben"), mailbox_limit_per_day=1)
    assert lines(result) == [
        "ana 2026-11-23T09:00",
        "ana 2026-11-24T09:00",
        "ben 2026-11-25T09:00",
        "ben 2026-11-26T09:00",
        "cleo 2026-11-27T09:00",
        "cleo 2026-11-28T09:00",
    ]
    assert result["entries"][2]["moved"] == [{"why": "limit", "from": "2026-11-23T09:00:00+01:00"}]
    assert result["bottleneck"] == {"what": "mailbox", "limit_per_day": 1, "delayed": 2}


def test_it_counts_a_full_mailbox_as_a_slip() -> None:
    result = simulated(ONE_MAIL, people("ana", "ben"), mailbox_limit_per_day=1)
    assert [move["why"] for move in result["entries"][3]["moved"]] == ["slip"]


def test_it_changes_nothing_where_the_limit_does_not_bind() -> None:
    everybody = people("ana", "ben", "cleo", "dirk")
    assert simulated(WITH_CALL, everybody, mailbox_limit_per_day=4) == simulated(WITH_CALL, everybody)


def test_it_counts_the_local_dates_of_the_sender() -> None:
    """23:00 in New York is the next day in Stockholm, so a limit of one holds neither."""
    text = """settings: {timezone: recipient}
steps:
  - {day: 1, type: email, send: at, at: "23:00", html: x}
"""
    ben_and_ana = [BEN, {**ANA, "time_zone": "Europe/Stockholm"}]
    result = simulated(text, ben_and_ana, start="2026-11-23T22:00", mailbox_limit_per_day=1)
    assert lines(result) == ["ana 2026-11-23T23:00", "ben 2026-11-23T23:00"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_it_never_exceeds_the_limit_on_any_date(limit: int) -> None:
    result = simulated(WITH_CALL, people(*(f"p{n}" for n in range(20))), mailbox_limit_per_day=limit)
    sent = [entry["local"][:10] for entry in result["entries"] if entry["kind"] == "message"]
    assert len(sent) == 40 and max(sent.count(day) for day in sent) == limit


def test_it_says_that_late_tasks_are_the_bottleneck() -> None:
    text = '\nsteps:\n  - {day: 1, type: call}\n  - {day: 2, type: email, send: at, at: "09:00", html: x}\n'
    assert simulated(text, [ANA], task_delay_days=3)["bottleneck"] == {
        "what": "tasks",
        "task_delay_days": 3,
        "delayed": 1,
    }
    assert simulated(text, [ANA])["bottleneck"] is None


# --- fields that the mails need ---

GREETING = """
steps:
  - {day: 1, type: email, send: choose, subject: "Hello {{ first_name }}", html: "<p>{{ company }}</p>"}
"""
MARIA = {"email": "maria@example.com", "first_name": "Maria", "company": "Fjord Energy"}


def test_it_excludes_whoever_lacks_a_field_of_a_mail_as_a_launch_does() -> None:
    result = simulated(GREETING, [MARIA, {**MARIA, "email": "noah@example.com", "company": ""}])
    assert result["excluded"] == [{"person": "noah@example.com", "cause": "field_missing"}]
    assert (result["targeted"], result["to_deliver"]) == (2, 1)


def test_it_says_nothing_of_a_field_that_the_file_has_no_column_for() -> None:
    assert simulated(GREETING, [ANA])["excluded"] == []


def test_it_renders_where_a_mail_has_logic() -> None:
    logic = GREETING.replace("{{ company }}", "{% if title %}{{ company }}{% endif %}")
    without = {**MARIA, "company": "", "title": ""}
    assert simulated(logic, [{**without, "title": "CFO"}])["excluded"][0]["cause"] == "field_missing"
    assert simulated(logic, [without])["excluded"] == []


def test_it_leaves_out_whoever_can_be_reached_in_no_way() -> None:
    result = simulated(WITH_CALL, [{"email": "", "first_name": "Noah"}])
    assert result["excluded"] == [{"person": "row 1", "cause": "no_address"}] and result["entries"] == []


def test_a_follow_up_of_a_mail_that_is_skipped_follows_nothing() -> None:
    """If that mail was skipped, it goes out as a new thread."""
    text = """
steps:
  - {day: 1, type: email, send: task, subject: Hello, html: x, skip_after: 1d}
  - {day: 2, type: email, send: same_as_previous, follow_up: true, html: x}
"""
    follows = [simulated(text, [ANA], task_delay_days=late)["entries"][1]["follows"] for late in (0, 2)]
    assert follows == [{"day": 1, "step": 1}, None]
