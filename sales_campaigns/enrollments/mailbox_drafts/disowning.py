"""“That was another mail”: a task that was done by a mail of the mailbox is there again, the mail stays the rep's own.

The rule: 4 completes it and shows "matched by address and subject: undo" (spec/5).
"""

from __future__ import annotations

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import require
from sales_campaigns.deliveries.personal import delivery_for
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.undoing import undo_task
from sales_campaigns.errors import IllegalMove, NotFound
from sales_campaigns.messages.mailbox_drafts.matching import Signal
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraftState as S
from sales_campaigns.messages.mailbox_drafts.states import MAILBOX_DRAFT
from sales_campaigns.messages.mailbox_drafts.watching import about
from sales_campaigns.messages.models import Message
from sales_campaigns.tasks.models import Task, TaskState
from sales_campaigns.unit_of_work import UnitOfWork

SAYS_LITTLE = frozenset({Signal.ADDRESS, Signal.ANSWERED, Signal.SAID})


def may_be_disowned(draft: MailboxDraft) -> bool:
    return draft.state is S.SENT and draft.signal in SAYS_LITTLE


def disown(uow: UnitOfWork, actor: User, draft: MailboxDraft) -> Task:
    """Open its task again. Raises IllegalMove when what followed has left already, or when the mail carried our tag."""
    require(actor, "work_tasks")
    if uow.session.get_one(Mailbox, draft.mailbox_id).user_id != actor.id:
        raise NotFound("This draft is not there, or it is somebody else's.")
    task = uow.session.get_one(Task, draft.task_id)
    if not may_be_disowned(draft) or task.state is not TaskState.COMPLETED:
        raise IllegalMove("There is nothing to undo here any more.")
    task.undo_until = uow.now
    undo_task(uow, actor, task)
    _detach(uow, actor, task, draft)
    told = {**about(draft), "actor_id": actor.id}
    uow.move(MAILBOX_DRAFT, draft, "disown", about=told, signal=None, message_id=None, ended_at=uow.now)
    return task


def _detach(uow: UnitOfWork, actor: User, task: Task, draft: MailboxDraft) -> None:
    """The mail did leave: it stays in the log, as one that belongs to no campaign."""
    run = uow.session.get(StepRun, task.step_run_id) if task.step_run_id is not None else None
    if run is not None:
        run.message_id = None
    task.message_id = None
    message = uow.session.get(Message, draft.message_id) if draft.message_id is not None else None
    if message is not None and message.enrollment_id is not None:
        message.delivery_id = delivery_for(uow, actor, message.subject).id
        message.occasion, message.attempt = message.person_id, 1
        message.campaign_id = message.enrollment_id = message.step_key = message.wording_id = None
        message.variant = ""
    uow.session.flush()
