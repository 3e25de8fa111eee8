"""What must never be and is: said on every page of administrators, to the monitor and by the command, until mended."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.models import Launch
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from scheduler.commands import status_of
from scheduler.jobs import JOBS
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails
from tests.pages.conftest import Browser
from tests.pages.parts import text

Browse = Callable[[User], Browser]
BREAKS = {
    "in_hand_of_nobody": (
        sa.update(Message).values(state="claimed"),
        sa.update(Message).values(state="pending"),
        "This must never be: 1 mail in hand of no process",
    ),
    "launches_out_of_balance": (
        sa.update(Launch).values(targeted=7),
        sa.update(Launch).values(targeted=1),
        "This must never be: 1 launch whose people are neither started nor left out",
    ),
}


def write(work: Work, room: PostRoom, statement: sa.Update) -> None:
    """By hand, in the database; then a minute passes."""
    with work() as uow:
        uow.session.execute(statement)
    next(job for job in JOBS if job.name == "audit").do(room, "all")


@pytest.mark.parametrize("name", BREAKS)
def test_administrators_are_told_on_every_page_until_it_is_mended(
    name: str, browse: Browse, work: Work, cast: Cast, room: PostRoom
) -> None:
    """The rule: live invariants every minute with a banner and a metric."""
    breaks, mends, words = BREAKS[name]
    due_mails(work, cast, "maria@example.com")
    ana, cleo = browse(cast.ana), browse(cast.cleo)
    write(work, room, breaks)
    for path in ("/", "/campaigns", "/admin/health"):
        assert text(cleo.get(path).text).count(words) == 1, path
        assert "This must never be" not in ana.get("/campaigns").text
    [told] = status_of(room)["broken_promises"]
    assert (told["name"], f"This must never be: {told['words']}".startswith(words)) == (name, True)
    write(work, room, mends)
    assert all("This must never be" not in cleo.get(path).text for path in ("/", "/admin/health"))
    assert "Every promise holds" in cleo.get("/admin/health").text
    assert status_of(room)["broken_promises"] == []
