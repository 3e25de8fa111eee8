"""A return path through a stock Postfix with a recipient delimiter: what comes back to it is about its mail."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import sqlalchemy as sa

from integrations.imap import ImapReader
from integrations.imap import Settings as ImapSettings
from integrations.smtp import Settings, SmtpProvider
from sales_campaigns.accounts.models import Instance, Mailbox
from sales_campaigns.checkups.probing import Patience, Ways, probe_mailbox, probe_return_path
from sales_campaigns.clock import machine_seconds
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.models import ReceivedMail
from sales_campaigns.messages.letters.postmarks import Postmark
from sales_campaigns.messages.return_paths import ReturnPath
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.mta.coming_back import move_in, working_with
from tests.mta.post_office import ANA, PostOffice
from tests.outgoing import due_mails, states

pytestmark = pytest.mark.mta
RETURNS = ReturnPath("bounces+*@ana.example", ("a key of this installation",))


def test_a_probe_sends_to_the_return_path_reads_it_back_and_leaves_nothing(office: PostOffice) -> None:
    """The rule: VERP only with a configured bounce domain that doctor has probed (spec/5)."""
    trusted, patience = office.places.authorities, Patience(20, 0.2, 0.1)
    provider = SmtpProvider(office.account(), Settings(ca_bundle=trusted))
    reader = ImapReader(office.account(port=office.places.imap), ImapSettings(ca_bundle=trusted))
    ways = Ways(ANA, provider, reader)
    assert probe_return_path(ANA, provider, [ways], RETURNS, patience) == ANA
    probed = probe_mailbox(ways, patience)
    assert (probed.keeps_name, probed.files_copies, probed.subject) == (True, False, "")
    provider.close()
    reader.close()
    assert [path for name in ("new", "cur") for path in office.maildir.glob(f"**/{name}/*")] == []


def test_a_bounce_finds_its_mail_by_the_return_path_alone(
    office: PostOffice, room: PostRoom, work: Work, cast: Cast
) -> None:
    """Also where the mail it is about is shown nowhere, as a relay does that strips headers."""
    with work() as uow:
        move_in(uow, office, room, uow.session.get_one(Mailbox, cast.ana_box.id))
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=True))
        uow.session.execute(sa.update(Instance).values(bounce_address=RETURNS.pattern))
    with working_with(office, room, notices=False) as at_work:
        at_work = replace(at_work, postmark=Postmark(returns=RETURNS))
        [id] = due_mails(work, cast, "nobody7@there.example")
        until = machine_seconds() + 20
        while states(work) != ["failed"] and machine_seconds() < until:
            run_until_quiet(at_work)
            time.sleep(0.1)
    with work() as uow:
        kept = uow.session.scalars(sa.select(ReceivedMail).options(sa.orm.undefer(ReceivedMail.raw))).one()
    assert states(work) == ["failed"] and kept.answers_id == id
    assert RETURNS.address(id).encode() in kept.raw and office.inbox() == [], "it came to the bounces"
