"""Whether Gmail says at once that something came stands where a rep, and where an administrator looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from sales_campaigns.accounts.authorising.granting import keep_grant
from sales_campaigns.accounts.models import Inbox, User
from sales_campaigns.clock import machine_now
from sales_campaigns.messages.inboxes.models import KnockSource, MailboxWatch
from sales_campaigns.ports import Granted, OutsideWorld, Tokens
from tests.cast import Cast
from tests.conftest import SEAL, Work
from tests.pages.conftest import Browser
from tests.stand_ins.google import Google
from tests.stand_ins.worlds import SCOPES, service_key, told_by, world_as

Browse = Callable[[User], Browser]
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
AT_ONCE = "Gmail says at once when something comes."
REFUSED = "Gmail said: User not authorized."


@pytest.fixture
def outside() -> Iterator[OutsideWorld]:
    with Google() as google, world_as(told_by(google)) as world:
        yield world


@pytest.fixture
def ana(browse: Browse, cast: Cast, work: Work) -> Browser:
    granted = Granted(Tokens("a", "b"), SCOPES, "ana@north.example", machine_now() + timedelta(hours=1))
    with work() as uow:
        box = keep_grant(uow, cast.ana, "gmail", granted, SEAL, reads=True)
        uow.session.get_one(Inbox, box.id).read_at = machine_now()
    return browse(cast.ana)


def told(work: Work, cast: Cast, *, refused: str = "", trouble: str = "") -> None:
    now = machine_now()
    until = None if refused else now + timedelta(days=7)
    with work() as uow:
        watch = MailboxWatch(
            mailbox_id=cast.ana_box.id, asked_at=now, ask_at=now, until=until, trouble=refused
        )
        uow.session.add(watch)
        uow.session.add(KnockSource(provider="gmail", heard_at=now, ask_at=now, trouble=trouble))


def test_a_rep_reads_that_gmail_says_at_once_or_why_not(ana: Browser, work: Work, cast: Cast) -> None:
    assert AT_ONCE not in ana.get("/mailbox").text
    told(work, cast)
    assert AT_ONCE in ana.get("/mailbox").text


def test_a_rep_reads_why_gmail_does_not_say_it(ana: Browser, work: Work, cast: Cast) -> None:
    told(work, cast, refused=REFUSED)
    page = ana.get("/mailbox").text
    assert AT_ONCE not in page and f"it is looked at every two minutes. {REFUSED}" in page


def test_an_administrator_reads_whether_it_is_heard(browse: Browse, work: Work, cast: Cast) -> None:
    """Beside the key that it is fetched with."""
    cleo = browse(cast.cleo)
    cleo.post("/admin/mailboxes/gmail/key", {"key": service_key()})
    assert "says by it" not in cleo.get("/admin/mailboxes").text
    told(work, cast)
    assert "Gmail says by it when something comes, heard last" in cleo.get("/admin/mailboxes").text
    with work() as uow:
        uow.session.get_one(KnockSource, "gmail").trouble = "Pub/Sub said: no."
    page = cleo.get("/admin/mailboxes").text
    assert "Gmail cannot say when something comes" in page and "Pub/Sub said: no." in page
