"""Which processes are there: a row each, with a heartbeat in machine time. For people to see, never a lock."""

from __future__ import annotations

import os
import platform
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from sales_campaigns.clock import machine_now
from sales_campaigns.database import Base

ALIVE = timedelta(seconds=30)


class Presence(Base):
    __tablename__ = "presence"

    name: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(24))
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]

    @property
    def alive(self) -> bool:
        return self.beat_at > machine_now() - ALIVE


def process_name() -> str:
    """Tells this process from every other one, on any machine."""
    return f"{platform.node()[:60]}:{os.getpid()}"


def beat(session: Session, kind: str) -> None:
    """Say that this process is there; forget those that have been silent for a day."""
    name, now = process_name(), machine_now()
    mine = session.get(Presence, name)
    if mine is None:
        session.add(Presence(name=name, kind=kind, started_at=now, beat_at=now))
    else:
        mine.kind, mine.beat_at = kind, now
    session.execute(sa.delete(Presence).where(Presence.beat_at < now - timedelta(days=1)))


def leave(session: Session) -> None:
    session.execute(sa.delete(Presence).where(Presence.name == process_name()))


def everybody(session: Session) -> list[Presence]:
    return list(session.scalars(sa.select(Presence).order_by(Presence.kind, Presence.name)))


def time_is_kept(session: Session) -> bool:
    """Whether a process that keeps time has given a sign of life."""
    recent = (Presence.kind == "scheduler", Presence.beat_at > machine_now() - ALIVE)
    return bool(session.scalar(sa.select(sa.exists().where(*recent))))
