"""A sink that takes mail over a real socket, and a room to dispatch from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import VirtualClock
from sales_campaigns.database import make_sessions
from sales_campaigns.messages.dispatching import PostRoom
from sales_campaigns.ports import OutsideWorld
from tests.cast import Cast
from tests.conftest import Work
from tests.sink import Sink


@pytest.fixture
def room(
    engine: Engine, sessions: sessionmaker[Session], clock: VirtualClock, outside: OutsideWorld
) -> PostRoom:
    return PostRoom(
        sessions=sessions,
        reads=make_sessions(engine, reads_only=True),
        clock=clock,
        providers=outside.mail,
        seal=Seal("only for the tests, and long enough"),
        owner="test",
    )


@pytest.fixture
def sink(work: Work, cast: Cast) -> Iterator[Sink]:
    """The server that everybody's mailbox leads to."""
    with Sink() as sink:
        with work() as uow:
            uow.session.execute(sa.update(Mailbox).values(port=sink.port))
        yield sink
