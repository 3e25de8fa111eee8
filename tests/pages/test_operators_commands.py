"""What administrators look after on a page, operators look after on a terminal: by a command, or by `flask ask`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from sales_campaigns.notices.models import Notice, NoticeKind
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.working import remind
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.test_commands import leaves
from web.commands.asking import OPERATIONS
from web.navigation import DUTIES

ANA, CLEO = "ana@north.example", "cleo@north.example"
# Page of administrators → commands, and after “ask” the operations, that do what the page does.
DONE_BY = {
    "Users": ("user add", "user list", "user link", "user activate", "user deactivate"),
    "Roles and rights": ("user add", "ask change_rights_of_user"),
    "Policies": ("policy show", "policy set"),
    "Audit log": ("ask list_audit",),
    "Channels": ("channel add", "channel list", "channel check", "channel take-away"),
    "Mailboxes for all": (
        "ask list_delegations",
        "ask keep_delegation_key",
        "ask connect_mailboxes_of_users",
    ),
    "Unsubscribing": ("ask get_footer", "ask change_footer_of_team"),
    "Quarantine": ("quarantine list", "quarantine release", "quarantine block"),
    "Retries": ("ask get_retries", "ask change_retries_of_mail"),
    "Bounce rules": ("ask list_bounce_rules", "ask create_bounce_rule", "ask list_unknown_bounces"),
    "Blocked domains": ("ask list_blocked_domains", "ask block_domain_for_all"),
    "Domain limits": ("ask list_domain_limits", "ask limit_domain_of_recipients"),
    "Holidays": ("ask list_holidays", "ask keep_holiday_of_team", "ask delete_holiday"),
    "Schedules": ("schedule add", "schedule list", "schedule drop"),
    "Calls": ("ask get_call_choices", "ask change_call_choices"),
    "CRM": ("crm status", "crm sync", "crm retry"),
    "Webhooks": ("ask list_webhooks", "ask create_webhook", "ask list_webhook_calls"),
    "Set-up": ("doctor", "ask get_set_up"),
    "Health": ("doctor", "scheduler status", "ask get_health"),
    "Set aside": ("ask list_set_aside", "ask try_set_aside_again"),
    "Retention": ("ask get_retention", "ask change_retention_of_logs"),
    "Personal data": ("people export", "people erase"),
    "Workspace archive": ("workspace export", "workspace check", "workspace import"),
}


def run(app: Flask, *words: str, user: str = CLEO) -> Result:
    return app.test_cli_runner().invoke(args=[*words, "--user", user])


def asked(app: Flask, *words: str, user: str = CLEO) -> Any:
    done = run(app, "ask", *words, user=user)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout) if done.stdout else None


def test_each_duty_has_its_command(app: Flask) -> None:
    """The rule: the CLI does what an operator needs on a terminal."""
    assert sorted(DONE_BY) == sorted(duty.label for duties in DUTIES.values() for duty in duties)
    commands = {name for name, _ in leaves(app.cli)} | {"scheduler status"}  # which wsgi.py adds
    named = {name for names in DONE_BY.values() for name in names}
    asks = {name.removeprefix("ask ") for name in named if name.startswith("ask ")}
    assert sorted(asks - OPERATIONS.keys()) == []
    assert sorted(name for name in named if not name.startswith("ask ") and name not in commands) == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_any_operation_is_asked_with_the_rights_of_a_user(
    app: Flask, work: Work, cast: Cast, tmp_path: Path
) -> None:
    lena = asked(app, "create_person_of_mine", "--body", '{"email": "lena@example.org"}', user=ANA)
    assert asked(app, "get_person", f"person_id={lena['id']}", user=ANA)["email"] == "lena@example.org"
    changed = asked(app, "change_person_of_mine", f"person_id={lena['id']}", "--body", '{"company": "Fjord"}')
    assert changed["company"] == "Fjord"
    found = asked(app, "list_people", "words=lena", "limit=5", user=ANA)
    assert [one["company"] for one in found["items"]] == ["Fjord"]
    assert asked(app, "delete_person", f"person_id={lena['id']}", user=ANA) is None
    with work() as uow:
        assert uow.session.scalars(sa.select(Person.deleted_at)).one() is not None
    file = tmp_path / "people.csv"
    file.write_bytes(b"Email\nota@example.org\n")
    assert asked(app, "upload_people", "file_name=people.csv", "--body", f"@{file}")["id"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("words", "user", "code", "says"),
    [
        (("ask", "get_retention"), ANA, 1, "Only administrators"),
        (("ask", "nothing"), CLEO, 1, "There is no operation"),
        (("ask", "get_person"), CLEO, 1, "person_id"),
        (("ask", "get_person", "person_id=x"), CLEO, 1, "is a number"),
        (("ask", "list_people", "words"), CLEO, 2, "says no value"),
        (("ask", "list_people", "colour=red"), CLEO, 1, "colour"),
        (("ask", "create_task", "--body", "{"), CLEO, 2, "not JSON"),
        (("task", "complete", "99"), CLEO, 1, "not there"),
        (("policy", "show"), ANA, 1, "Only administrators"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    app: Flask, cast: Cast, words: tuple[str, ...], user: str, code: int, says: str
) -> None:
    done = run(app, *words, user=user)
    assert done.exit_code == code
    assert says in done.stderr


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_queue_is_listed_and_worked_off(app: Flask, work: Work, cast: Cast) -> None:
    with work() as uow:
        person, ana = a_person(uow, cast.ana), uow.session.merge(cast.ana)
        for name in ("Call", "Write", "Wait", "Give"):
            remind(uow, ana, name=name, due_at=uow.now, person=person)
        uow.session.flush()
        ids = [str(id) for id in uow.session.scalars(sa.select(Task.id).order_by(Task.id))]
    call, write, wait, give = ids
    listed = json.loads(run(app, "task", "list", "--json", user=ANA).stdout)
    assert [(one["name"], one["group"]) for one in listed] == [
        (name, "today") for name in ("Call", "Write", "Wait", "Give")
    ]
    assert "Done: Call." in run(app, "task", "complete", call, "--outcome", "Talked", user=ANA).stdout
    assert "Skipped: Write." in run(app, "task", "skip", write, user=ANA).stdout
    assert "Snoozed" in run(app, "task", "snooze", wait, "2026-12-24T09:00", user=ANA).stdout
    assert run(app, "task", "assign", give, "ben@north.example", user=ANA).exit_code == 0
    assert "nothing to do" in run(app, "task", "list", user=ANA).stdout
    his = json.loads(run(app, "task", "list", "--of", "ben@north.example", "--json", user=ANA).stdout)
    assert [one["name"] for one in his] == ["Give"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_policy_is_shown_and_changed_in_part(app: Flask, cast: Cast) -> None:
    assert run(app, "policy", "set", "--launches-per-day", "20", "--templates-locked").exit_code == 0
    assert run(app, "policy", "set", "--people-per-launch", "50").exit_code == 0
    told = json.loads(run(app, "policy", "show", "--json").stdout)
    assert (told["templates_locked"], told["launches_per_day"], told["people_per_launch"]) == (True, 20, 50)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_notices_are_told_and_seen(app: Flask, work: Work, cast: Cast) -> None:
    with work() as uow:
        known = uow.record("person.created", actor_id=cast.ana.id, team_id=cast.ana.team_id)
        uow.session.flush()
        words = {"kind": NoticeKind.REPLY, "at": uow.now, "words": "Maria replied"}
        uow.session.add(Notice(user_id=cast.ana.id, activity_id=known.id, **words))
    assert "* " in run(app, "notice", "list", user=ANA).stdout
    assert "1 notice seen" in run(app, "notice", "seen", user=ANA).stdout
    assert json.loads(run(app, "notice", "list", "--json", user=ANA).stdout)[0]["seen"]


def test_a_shell_completes_operations(app: Flask) -> None:
    command = app.cli.commands["ask"]
    (named,) = (one for one in command.params if one.name == "operation")
    with app.app_context():
        found = named.shell_complete(None, "list_ta")  # type: ignore[arg-type]
    assert [one.value for one in found] == ["list_tasks"]
