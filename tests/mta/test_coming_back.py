"""What a stock Postfix and a stock Dovecot bring back is matched to its mail, all of it."""

from __future__ import annotations

import pytest

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import VirtualClock
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from tests.cast import Cast
from tests.conftest import Work
from tests.mta.coming_back import addresses, move_in, send_and_read, working_with, wrongs
from tests.mta.post_office import PostOffice
from tests.outgoing import due_mails

pytestmark = pytest.mark.mta


def test_every_fate_of_a_mail_ends_at_its_mail(
    office: PostOffice, room: PostRoom, clock: VirtualClock, work: Work, cast: Cast
) -> None:
    """Accepted, unknown, over quota to success and to failure, refused, delayed, delivered, answered, away."""
    with working_with(office, room) as room, work() as uow:
        move_in(uow, office, room, uow.session.get_one(Mailbox, cast.ana_box.id))
        uow.session.commit()
        due_mails(work, cast, *addresses(each=2))
        send_and_read(room, clock, office, each=2, seconds=40)
    with work() as uow:
        assert wrongs(uow.session, office, each=2) == []
