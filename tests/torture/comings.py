"""Many mails of each fate through a stock Postfix, and all that comes back read from a stock Dovecot and matched."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.database import make_sessions
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.unit_of_work import unit_of_work
from tests.cast import cast_of
from tests.mta.coming_back import FATES, addresses, move_in, send_and_read, working_with, wrongs
from tests.mta.post_office import post_office
from tests.outgoing import due_mails

PATIENCE = 25  # seconds that Postfix keeps trying: time enough for the second attempt of every mail


def all_comes_back(engine: Engine, each: int) -> tuple[str, list[str]]:
    """`each` mails of every fate; the figures in words, and a sentence for each that is not matched."""
    sessions, reads = make_sessions(engine), make_sessions(engine, reads_only=True)
    clock = VirtualClock(machine_now())
    with post_office(PATIENCE) as office:
        room = PostRoom(sessions, reads, clock, None, Seal("torture" * 6), "me")  # type: ignore[arg-type]
        with unit_of_work(sessions, clock) as uow:
            cast = cast_of(uow)
            cast.ana.can_prepare = cast.ana.can_start = True  # more than a rep may launch at once
            move_in(uow, office, room, uow.session.get_one(Mailbox, cast.ana_box.id))
        due_mails(lambda: unit_of_work(sessions, clock), cast, *addresses(each))
        with working_with(office, room) as room:
            send_and_read(room, clock, office, each, seconds=120 + each * 6)
        with reads() as session:
            wrong = wrongs(session, office, each)
            came = session.scalar(sa.text("SELECT count(*) FROM received_mail"))
    return f"{each} mails of each of {len(FATES)} fates, {came} answers and reports kept", wrong
