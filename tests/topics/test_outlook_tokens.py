"""Tokens of Outlook: each refresh token brings the next one, so none may be used twice and none may be lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from integrations.outlook import MicrosoftConsent
from sales_campaigns.accounts.authorising.access import Access
from sales_campaigns.accounts.authorising.granting import keep_grant
from sales_campaigns.accounts.models import Grant, Mailbox, MailboxState
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.errors import Outside, OutsideKind
from tests.cast import Cast
from tests.conftest import Work
from tests.stand_ins.microsoft import Microsoft
from tests.stand_ins.microsoft_oauth import TENANT
from tests.stand_ins.serving import Reply, times
from tests.stand_ins.vendors import Vendor, vendor_called
from tests.stand_ins.worlds import outlook_settings, world_with

SEAL = Seal("only for the tests, and long enough")
ANA = "ana@north.example"


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with vendor_called("outlook") as made:
        yield made


@pytest.fixture
def access(vendor: Vendor, sessions: sessionmaker[Session], clock: VirtualClock) -> Iterator[Access]:
    with world_with(vendor.server) as world:
        yield Access(sessions, clock, SEAL, world.consents, world.delegations)


@pytest.fixture
def box(work: Work, cast: Cast, vendor: Vendor) -> Mailbox:
    """Its access token is over."""
    with work() as uow:
        made = keep_grant(uow, cast.ana, "outlook", vendor.granted(ANA), SEAL, reads=True)
        over = {"expires_at": machine_now() - timedelta(seconds=1)}
        uow.session.execute(sa.update(Grant).where(Grant.mailbox_id == made.id).values(**over))
    vendor.server.tokens.expire()
    return made


def test_however_many_want_a_new_token_it_is_asked_for_once(
    access: Access, box: Mailbox, vendor: Vendor
) -> None:
    """The rule: one token cache per mailbox, encrypted, row-locked (spec/5)."""
    with ThreadPoolExecutor(8) as threads:
        tokens = set(threads.map(lambda _: access.renew(box.id, ""), range(8)))
    assert vendor.server.tokens.refreshed == 1 and len(tokens) == 1


def test_what_refreshes_is_replaced_each_time(
    work: Work, access: Access, box: Mailbox, vendor: Vendor
) -> None:
    seen, token = set[str](), ""
    for _ in range(3):
        token = access.renew(box.id, token)
        with work() as uow:
            seen.add(SEAL.open(uow.session.get_one(Grant, box.id).sealed_refresh))
    assert len(seen) == 3 and vendor.server.tokens.refreshed == 3


def test_a_permission_that_ended_is_lost_and_trouble_is_not(
    work: Work, access: Access, box: Mailbox, vendor: Vendor
) -> None:
    vendor.server.obey(times(1, Reply(503, b"busy"), "token"))
    with pytest.raises(Outside) as trouble:
        access.renew(box.id, "")
    assert trouble.value.kind is OutsideKind.TRANSIENT
    vendor.server.tokens.revoke(ANA)
    with pytest.raises(Outside) as lost:
        access.renew(box.id, "")
    assert lost.value.kind is OutsideKind.AUTHORISATION and "The password was changed" in lost.value.words
    with work() as uow:
        assert uow.session.get_one(Mailbox, box.id).state is MailboxState.NEEDS_RECONNECT


@pytest.mark.parametrize("tenant", ["organizations", TENANT])
def test_the_authority_is_a_setting(vendor: Vendor, tenant: str) -> None:
    assert isinstance(vendor.server, Microsoft)
    consent = MicrosoftConsent(outlook_settings(vendor.server, tenant=tenant))
    assert consent.refresh(vendor.server.tokens.lasting(ANA, vendor.scopes)).tokens.refresh


def test_a_tenant_that_does_not_exist_is_said(vendor: Vendor) -> None:
    assert isinstance(vendor.server, Microsoft)
    consent = MicrosoftConsent(outlook_settings(vendor.server, tenant="nobody.example"))
    with pytest.raises(Outside, match="The organisation in MICROSOFT_TENANT does not exist"):
        consent.refresh("whatever")


def test_nothing_of_a_token_is_logged(vendor: Vendor, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(vendor.server, Microsoft)
    caplog.set_level("DEBUG")
    lasting = vendor.server.tokens.lasting(ANA, vendor.scopes)
    granted = MicrosoftConsent(outlook_settings(vendor.server)).refresh(lasting)
    assert lasting not in caplog.text and granted.tokens.access not in caplog.text
    assert granted.tokens.refresh not in caplog.text and "our-secret" not in caplog.text
