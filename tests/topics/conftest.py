"""A sink that takes mail over a real socket, and a room to dispatch from."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import VirtualClock
from sales_campaigns.database import make_sessions
from sales_campaigns.messages.dispatching import PostRoom
from sales_campaigns.ports import OutsideWorld


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
