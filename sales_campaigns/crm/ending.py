"""What was ended in the CRM has been ended here, as far as it could be: the outbox looks at these tasks again."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from sales_campaigns.crm.models import CrmRecord, RecordKind
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork


def ended_here(uow: UnitOfWork, task_ids: Sequence[int]) -> None:
    """From now on what stands here is told again: also that a task is still open, because its mail is on its way."""
    uow.session.flush()
    uow.session.execute(
        sa.update(CrmRecord)
        .where(CrmRecord.kind == RecordKind.TASK, CrmRecord.local_id.in_(task_ids))
        .values(ending="")
        .execution_options(synchronize_session=False)
    )
    uow.session.execute(
        sa.update(Task)
        .where(Task.id.in_(task_ids))
        .values(unseen=True)
        .execution_options(synchronize_session=False)
    )
