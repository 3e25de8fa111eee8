"""One unit of work a request, and who makes it. A GET only reads, so that it never waits for SQLite's writer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import cast

import sqlalchemy as sa
from flask import Flask, Response, current_app, g, has_request_context, request
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from sales_campaigns.accounts.authorising.access import Access
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.secrets import Seal, seal_of
from sales_campaigns.clock import Clock
from sales_campaigns.database import Sessions, make_sessions
from sales_campaigns.errors import NotAllowed
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.rehearsals.plays import Rehearse
from sales_campaigns.settings import Settings
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

READS = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True)
class House:
    """What the composition root handed to the web: everything a request may need."""

    settings: Settings
    engine: Engine
    outside: OutsideWorld
    clock: Clock
    reads: Sessions
    writes: Sessions
    seal: Seal
    rehearse: Rehearse | None

    @property
    def access(self) -> Access:
        """Renews what was granted to a mailbox, in a unit of work of its own."""
        outside = self.outside
        return Access(self.writes, self.clock, self.seal, outside.consents, outside.delegations)


def open_house(
    settings: Settings, engine: Engine, outside: OutsideWorld, clock: Clock, rehearse: Rehearse | None
) -> House:
    seal = seal_of(settings)
    return House(
        settings,
        engine,
        outside,
        clock,
        reads=make_sessions(engine, reads_only=True),
        writes=make_sessions(engine, seal=seal),
        seal=seal,
        rehearse=rehearse,
    )


def house() -> House:
    return cast(House, current_app.extensions["house"])


def settings() -> Settings:
    return house().settings


def outside() -> OutsideWorld:
    return house().outside


def work() -> UnitOfWork:
    """This request's unit of work, begun at the first call. It reads only when the request does."""
    if "work" not in g:
        sessions = house().reads if request.method in READS else house().writes
        g.work_stack = ExitStack()
        g.work = g.work_stack.enter_context(unit_of_work(sessions, house().clock))
    return cast(UnitOfWork, g.work)


def writing() -> AbstractContextManager[UnitOfWork]:
    """A unit of work of its own that writes, for the few GETs that must, and for streams."""
    return unit_of_work(house().writes, house().clock)


def reading() -> AbstractContextManager[UnitOfWork]:
    """A unit of work of its own that reads, for streams that outlive their request."""
    return unit_of_work(house().reads, house().clock)


def keep_even_if_refused() -> None:
    """Commit although the answer is an error: a wrong password must be counted."""
    g.keep = True


def me() -> User:
    """The signed-in user. Raises NotAllowed when nobody is."""
    user = maybe_me()
    if user is None:
        raise NotAllowed("Sign in first.")
    return user


def maybe_me() -> User | None:
    return cast("User | None", g.get("me")) if has_request_context() else None


def commit_now() -> None:
    """Let what this request did stand, for an answer that waits for its effect; what follows begins anew."""
    stack, done = g.pop("work_stack", None), g.pop("work", None)
    if stack is not None and done is not None:
        stack.close()


def give_up() -> None:
    """Roll the request's unit of work back; what follows begins a new one."""
    stack, given_up = g.pop("work_stack", None), g.pop("work", None)
    if stack is not None and given_up is not None:
        given_up.session.expunge_all()  # who is signed in is still shown on the page of the error
        with _swallowed():
            stack.__exit__(RollBack, RollBack(), None)


def see_again() -> User | None:
    """Who is signed in, for the page of an error: a rollback may have taken what was read of them."""
    user = maybe_me()
    if user is not None and sa.inspect(user).expired_attributes:
        g.me = None
        with suppress(SQLAlchemyError):  # where the database is why: a page without a frame says so
            g.me = work().session.get(User, sa.inspect(user).identity)
    return maybe_me()


def install(app: Flask) -> None:
    app.after_request(_finish)
    app.teardown_request(lambda _error: give_up())


class RollBack(Exception):
    """Ends a unit of work without keeping anything."""


@contextmanager
def _swallowed() -> Iterator[None]:
    try:
        yield
    except RollBack:
        return


def _finish(response: Response) -> Response:
    """Commit before the answer leaves; an error keeps nothing unless the view asked for it."""
    if "work_stack" not in g:
        return response
    if response.status_code < 400 or g.get("keep"):
        stack = g.pop("work_stack")
        g.pop("work")
        stack.close()
    else:
        give_up()
    return response
