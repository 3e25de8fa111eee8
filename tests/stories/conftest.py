"""The world of a story."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import VirtualClock
from sales_campaigns.database import make_sessions
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.ports import OutsideWorld
from tests.cast import Cast
from tests.conftest import Work
from tests.sink import Sink
from tests.stories.telling import Story


@pytest.fixture
def story(
    engine: sa.Engine, work: Work, cast: Cast, clock: VirtualClock, outside: OutsideWorld
) -> Iterator[Story]:
    room = PostRoom(
        sessions=make_sessions(engine),
        reads=make_sessions(engine, reads_only=True),
        clock=clock,
        providers=outside.mail,
        seal=Seal("only for the tests, and long enough"),
        owner="story",
    )
    with Sink() as sink:
        with work() as uow:
            uow.session.execute(sa.update(Mailbox).values(port=sink.port))
        yield Story(work, room, clock, sink, cast)
