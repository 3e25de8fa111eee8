"""A mailbox that can send no longer: its queue waits, and its rep hears of it once."""

from __future__ import annotations

from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.unit_of_work import UnitOfWork


def lose(uow: UnitOfWork, box: Mailbox, state: MailboxState, words: str, *, alone: bool = True) -> bool:
    """Whether it was connected until now; whoever finds it lost already changes nothing. The row must be locked.

    Not `alone`: others were lost by the same, so the administrators know.
    """
    if box.state is not MailboxState.CONNECTED:
        return False
    box.state, box.trouble, box.lost_at = state, words, uow.now
    data = {"words": words, **({} if alone else {"beside_others": True})}
    uow.record("mailbox.lost", actor_id=box.user_id, team_id=box.user.team_id, data=data)
    return True
