"""Connect a team with its CRM, say what is synced and who is who there, and end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.accounts.secrets import Seal, new_token
from sales_campaigns.crm.accounts import USUAL_NAMES, closed
from sales_campaigns.crm.models import ConnectionState, CrmConnection, CrmRecord, CrmUser, RecordState
from sales_campaigns.crm.opting_out import forgive
from sales_campaigns.crm.states import CONNECTION, RECORD
from sales_campaigns.crm.subjects import check_pattern
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.lifecycle import move_many
from sales_campaigns.ports.crm import CrmChoice
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork

# The rule: the first sync looks at what was made or changed in the last 24 hours.
FIRST_WINDOW = timedelta(hours=24)
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Switches:
    """What is synced and what is logged. Everything but opt-outs is off until somebody says so."""

    syncs_tasks: bool = False
    logs_mails: bool = False
    logs_replies: bool = False
    logs_calls: bool = False
    syncs_opt_outs: bool = True
    subject_pattern: str = "{{activity_subject}}"


def connection_of(session: Session, actor: User) -> CrmConnection | None:
    """The connection of the actor's team that has not ended."""
    return session.scalar(
        sa.select(CrmConnection).where(
            CrmConnection.team_id == actor.team_id, CrmConnection.state != ConnectionState.ENDED
        )
    )


def the_connection(uow: UnitOfWork, actor: User) -> CrmConnection:
    """The same, locked, for whoever may change it. Raises NotAllowed and NotFound."""
    require(actor, "manage_team")
    query = sa.select(CrmConnection).where(
        CrmConnection.team_id == actor.team_id, CrmConnection.state != ConnectionState.ENDED
    )
    found = uow.session.scalar(query.with_for_update())
    if found is None:
        raise NotFound("No CRM is connected.")
    return found


def begin_connection(
    uow: UnitOfWork, actor: User, seal: Seal, vendor: str, secret: Mapping[str, str]
) -> CrmConnection:
    """Keep what the CRM's administrator gave us, until it has let us in. A team has one connection."""
    require(actor, "manage_team")
    if vendor not in USUAL_NAMES:
        raise Invalid({"vendor": "Choose one of the CRMs."})
    connection = uow.session.scalar(
        sa.select(CrmConnection).where(CrmConnection.team_id == actor.team_id).with_for_update()
    )
    if connection is None:
        connection = CrmConnection(
            team_id=actor.team_id,
            vendor=vendor,
            signing_key=seal.close(new_token()),
            look_at=uow.now,
            created_at=uow.now,
        )
        uow.session.add(connection)
    elif connection.vendor != vendor:
        _forget(uow, connection, vendor)
    connection.secret = closed(seal, secret)
    uow.session.flush()
    return connection


def let_in(
    uow: UnitOfWork,
    actor: User,
    connection: CrmConnection,
    seal: Seal,
    secret: Mapping[str, str],
    instance_url: str,
) -> None:
    """The CRM has let us in; what waited while it had not goes on."""
    require(actor, "manage_team")
    uow.move(
        CONNECTION,
        connection,
        "connect",
        about={"team_id": connection.team_id, "actor_id": actor.id},
        secret=closed(seal, secret),
        instance_url=instance_url,
        trouble="",
        paused_until=None,
        failing_since=None,
        look_at=uow.now,
    )


def disconnect(uow: UnitOfWork, actor: User) -> None:
    """Nothing is read or written any more; what stands on either side stays. Tokens are forgotten."""
    connection = the_connection(uow, actor)
    about = {"team_id": connection.team_id, "actor_id": actor.id}
    off = dict.fromkeys(("syncs_tasks", "logs_mails", "logs_replies", "logs_calls"), False)
    uow.move(CONNECTION, connection, "end", about=about, secret="", **off)
    uow.session.execute(sa.update(CrmUser).where(CrmUser.connection_id == connection.id).values(secret=""))


def switch(uow: UnitOfWork, actor: User, wanted: Switches) -> CrmConnection:
    """Say what is synced. Raises Invalid for a pattern that is none.

    The rule: switching task sync on looks back 24 hours there, and pushes only what is made here from now on.
    """
    pattern = check_pattern(wanted.subject_pattern)
    connection = the_connection(uow, actor)
    if wanted.syncs_tasks and not connection.syncs_tasks:
        connection.tasks_since = uow.now
        connection.watermark = connection.watermark or (uow.now - FIRST_WINDOW).isoformat()
    connection.syncs_tasks = wanted.syncs_tasks
    connection.logs_mails, connection.logs_replies = wanted.logs_mails, wanted.logs_replies
    connection.logs_calls, connection.syncs_opt_outs = wanted.logs_calls, wanted.syncs_opt_outs
    connection.subject_pattern = pattern
    connection.look_at = uow.now
    told = {"on": [name for name in SWITCHES if getattr(connection, name)]}
    uow.record("crm.switched", actor_id=actor.id, team_id=connection.team_id, data=told)
    return connection


def map_fields(uow: UnitOfWork, actor: User, names: Mapping[str, str]) -> None:
    """The names of our fields there; "" is not written. Raises Invalid for what is no name."""
    connection = the_connection(uow, actor)
    usual = USUAL_NAMES[connection.vendor]
    clean = {name: names.get(name, usual[name]).strip() for name in usual}
    problems = {
        f"names-{name}": "Write the API name, such as Sales_Campaigns_Id__c."
        for name, there in clean.items()
        if (there or name == "external_id")
        and not (there.replace("_", "").isalnum() and there.isascii() and len(there) <= LONGEST_NAME)
    }
    if problems:
        raise Invalid(problems)
    connection.names = clean
    uow.record("crm.mapped", actor_id=actor.id, team_id=connection.team_id, data={"fields": clean})


def map_users(uow: UnitOfWork, actor: User, there: Mapping[int, CrmChoice | None]) -> int:
    """Who our users are in the CRM, by their ids here; None is nobody. How many are mapped.

    What waited for it is told.
    """
    connection = the_connection(uow, actor)
    if len({one.id for one in there.values() if one}) < sum(one is not None for one in there.values()):
        raise Invalid({"": "Two of you are the same user there. Everybody is somebody else."})
    kept = {
        row.user_id: row
        for row in uow.session.scalars(sa.select(CrmUser).where(CrmUser.connection_id == connection.id))
    }
    for user_id, row in kept.items():
        if user_id in there and ((chosen := there[user_id]) is None or chosen.id != row.crm_id):
            uow.session.delete(row)
    uow.session.flush()
    ours = set(uow.session.scalars(sa.select(User.id).where(User.team_id == connection.team_id)))
    for user_id, chosen in there.items():
        known = kept.get(user_id)
        if chosen is not None and user_id in ours and (known is None or known.crm_id != chosen.id):
            uow.session.add(
                CrmUser(connection_id=connection.id, user_id=user_id, crm_id=chosen.id, name=chosen.name)
            )
    uow.session.flush()
    _look_again(uow, connection, sorted(there))
    data = {"users": sum(one is not None for one in there.values())}
    uow.record("crm.mapped", actor_id=actor.id, team_id=connection.team_id, data=data)
    return data["users"]


def speak_as(
    uow: UnitOfWork, actor: User, connection: CrmConnection, seal: Seal, secret: Mapping[str, str]
) -> None:
    """What is the actor's is written as the actor from now on. Raises Invalid for somebody who is nobody there."""
    mine = uow.session.get(CrmUser, (connection.id, actor.id))
    if mine is None:
        raise Invalid("An administrator must say first who you are in the CRM.")
    mine.secret = closed(seal, secret)


def retry(uow: UnitOfWork, actor: User, record_ids: Sequence[int] | None = None) -> int:
    """Write again what was refused, all of it or these; how many."""
    connection = the_connection(uow, actor)
    return retry_records(uow, connection.id, record_ids)


def retry_records(uow: UnitOfWork, connection_id: int, record_ids: Sequence[int] | None = None) -> int:
    """The same for whoever runs the installation. A record that is gone there is written anew."""
    where = [CrmRecord.connection_id == connection_id]
    where += [CrmRecord.id.in_(record_ids)] if record_ids is not None else []
    gone = [CrmRecord.code == "ENTITY_IS_DELETED", CrmRecord.state == RecordState.FAILED]
    uow.session.execute(sa.update(CrmRecord).where(*where, *gone).values(crm_id="", agreed={}))
    if record_ids is None:
        forgive(uow, connection_id)
    again = move_many(uow.session, RECORD, CrmRecord, "retry", *where, due_at=uow.now, tries=0)
    soon = sa.update(CrmRecord).where(
        *where, CrmRecord.state == RecordState.WAITING, CrmRecord.category.is_not(None)
    )
    waiting = uow.session.execute(soon.values(due_at=uow.now).returning(CrmRecord.id)).all()
    uow.session.execute(
        sa.update(CrmConnection)
        .where(CrmConnection.id == connection_id)
        .values(paused_until=None, look_at=uow.now)
    )
    uow.session.expire_all()
    return len({*again, *(row.id for row in waiting)})


SWITCHES = ("syncs_tasks", "logs_mails", "logs_replies", "logs_calls", "syncs_opt_outs")


def _look_again(uow: UnitOfWork, connection: CrmConnection, user_ids: Sequence[int]) -> None:
    """The tasks of these users are told again, now that we know whose they are there."""
    known = sa.select(CrmRecord.local_id).where(
        CrmRecord.connection_id == connection.id, CrmRecord.user_id.in_(user_ids)
    )
    uow.session.execute(
        sa.update(Task)
        .where(Task.team_id == connection.team_id, Task.assignee_id.in_(user_ids), Task.id.in_(known))
        .values(unseen=True)
        .execution_options(synchronize_session=False)
    )


def _forget(uow: UnitOfWork, connection: CrmConnection, vendor: str) -> None:
    """Another CRM knows nothing of what stands in this one."""
    uow.session.execute(sa.delete(CrmRecord).where(CrmRecord.connection_id == connection.id))
    uow.session.execute(sa.delete(CrmUser).where(CrmUser.connection_id == connection.id))
    connection.vendor, connection.names, connection.watermark = vendor, {}, ""
    connection.instance_url, connection.deleted_until, connection.reconciled_at = "", None, None
