"""flask why: every step of a person, what it waits for and why, from the command line."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa
from flask.cli import with_appcontext

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.enrollments.explaining.why import Explained, why_person
from sales_campaigns.errors import NotFound, Refusal
from sales_campaigns.messages.explaining.trace import Gate, Stand
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork
from web.commands.running import command_work, json_option, out
from web.filters import when_words
from web.parts.why_words import moment_words

MARKS = {Stand.PASSED: "+", Stand.WAITS: "-", Stand.STOPS: "x", Stand.OVER: "."}


@click.command("why")
@click.option("--person", "person_email", required=True, help="The person's e-mail address.")
@click.option("--campaign", default="", help="Only this campaign.")
@click.option("--user", "email", required=True, help="Who asks: rows of another team are not found.")
@json_option
@with_appcontext
def command(person_email: str, campaign: str, email: str, as_json: bool) -> None:
    """Why every step of a person was sent, waits, or never comes: its gates in order, and the next moment."""
    try:
        with command_work() as uow:
            actor = user_by_email(uow, email)
            person = _person(uow, actor, person_email)
            steps = why_person(uow.session, person, uow.now, campaign, uow.speed)
            if not steps:
                raise NotFound("This person is in no such campaign.")
            out([_data(one) for one in steps], as_json, "\n".join(_lines(steps, actor.zone)))
    except Refusal as error:
        click.echo(f"Error: {' '.join(error.words.split())}", err=True)
        raise SystemExit(1) from None


def _person(uow: UnitOfWork, actor: User, email: str) -> Person:
    query = sa.select(Person).where(sa.func.lower(Person.email) == email.strip().lower())
    person = uow.session.scalars(query.where(Person.team_id == actor.team_id)).first()
    if person is None:
        raise NotFound(f"Nobody of your team has the address {email}.")
    return person


def _lines(steps: list[Explained], zone: str) -> list[str]:
    lines = []
    for one in steps:
        name = one.campaign.name if one.campaign else ""
        lines.append(f"{name} · {one.place}: {one.title}")
        lines.append(f"  {one.trace.sentence} {moment_words(one.trace, zone)}".rstrip())
        lines += [f"    {_line(gate, gate is one.trace.binding, zone)}" for gate in one.trace.gates]
    return lines


def _line(gate: Gate, binds: bool, zone: str) -> str:
    until = f" → {when_words(gate.until, zone)}" if gate.until else ""
    return f"{'*' if binds else MARKS[gate.stand]} {gate.name}: {gate.value}{until}"


def _data(one: Explained) -> dict[str, Any]:
    trace = one.trace
    return {
        "campaign": one.campaign.name if one.campaign else None,
        "step": one.place,
        "title": one.title,
        "reason": trace.sentence,
        "binding": trace.binding.key if trace.binding else None,
        "does": trace.does,
        "at": trace.at.isoformat() if trace.at else None,
        "until": trace.binding.event if trace.binding and trace.at is None else None,
        "expected": trace.expected.isoformat() if trace.expected else None,
        "gates": [_gate(gate) for gate in trace.gates],
    }


def _gate(gate: Gate) -> dict[str, Any]:
    return {
        "gate": gate.key,
        "rule": gate.rule,
        "value": gate.value,
        "verdict": gate.stand.value,
        "from": gate.since.isoformat() if gate.since else None,
        "until": gate.until.isoformat() if gate.until else gate.event or None,
    }
