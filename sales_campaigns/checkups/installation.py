"""The installation itself: its database, its clocks, its time zones, its processes, its address."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.metadata import version

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.checkups.findings import Finding, broken, fine, note
from sales_campaigns.clock import machine_now
from sales_campaigns.presence import everybody
from sales_campaigns.settings import Settings

APART = timedelta(seconds=2)


def look_at_installation(session: Session, settings: Settings) -> Iterator[Finding]:
    """What can be seen from here without a network, but for the database's own."""
    yield _database(session)
    yield _clock(session)
    yield _zones()
    yield _processes(session)
    yield _address(settings)


def sending_domains(session: Session) -> list[str]:
    """Of all mailboxes, in order."""
    return sorted({address.rpartition("@")[2] for address in session.scalars(sa.select(Mailbox.address))})


def look_at_state(box: Mailbox) -> Finding | None:
    """A mailbox that nothing leaves from, whatever its server says; None for one that is connected."""
    if box.state is MailboxState.CONNECTED:
        return None
    fix = "Its owner connects it again; one that was stopped, an administrator of the team."
    return broken(f"mailbox {box.address}", box.trouble or "it is not connected", fix)


def _database(session: Session) -> Finding:
    bind = session.get_bind()
    found = ".".join(map(str, bind.dialect.server_version_info or ()))
    return fine("database", f"{bind.dialect.name} {found}")


def _clock(session: Session) -> Finding:
    """Leases and heartbeats of several machines are compared with each other."""
    if session.get_bind().dialect.name != "postgresql":
        return fine("clock", "one machine has one clock")
    there = session.scalar(sa.select(sa.func.clock_timestamp()))
    assert isinstance(there, datetime)
    apart = abs(there - machine_now())
    words = f"{apart.total_seconds():.1f} s from the database's"
    fix = "Let an NTP client set the clocks of this machine and of the database."
    return fine("clock", words) if apart <= APART else broken("clock", words, fix)


def _zones() -> Finding:
    words = f"tzdata {version('tzdata')}"
    if any(zoneinfo.TZPATH):
        fix = 'Set PYTHONTZPATH="" so that the newer rules of the package are used.'
        return note("time zones", f"{words} is there, and the system's own copy comes before it", fix)
    return fine("time zones", words)


def _processes(session: Session) -> Finding:
    there = everybody(session)
    alive = [one.kind for one in there if one.alive]
    if "scheduler" not in alive:
        fix = "Start one: flask serve, or flask scheduler run."
        return broken("processes", "nobody keeps time, so nothing leaves", fix)
    return fine("processes", ", ".join(sorted(alive)))


def _address(settings: Settings) -> Finding:
    if settings.reachable:
        return fine("address", settings.public_url)
    words = "PUBLIC_URL is not set or points to this machine: no link and no pixel stands in a mail"
    fix = "Set PUBLIC_URL to the address that recipients reach; bulk deliveries need it for unsubscribing."
    return note("address", words, fix)
