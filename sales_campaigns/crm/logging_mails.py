"""Mails and replies are logged in the CRM as completed tasks: what left, and what came back, goes into the outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.models import Campaign, Step
from sales_campaigns.crm.agreement import COMPLETE, comparable
from sales_campaigns.crm.gathering import external_id
from sales_campaigns.crm.models import ConnectionState, CrmConnection, CrmRecord, CrmUser, RecordKind
from sales_campaigns.crm.subjects import subject_of
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.unit_of_work import UnitOfWork

PLACE = (Campaign.name, Step.day, Step.number)
Values = dict[str, str]


@dataclass(frozen=True, slots=True)
class Logged:
    """One mail or reply, as it is told."""

    kind: RecordKind
    local_id: int
    user_id: int
    person_id: int
    values: Values


def log_mails(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """The rule: e-mails are logged as completed tasks with the campaign fields."""
    ids = [row.message_id for row in happened if row.message_id]
    ids += [id for row in happened for id in row.data.get("messages", ())]
    _log(uow, CrmConnection.logs_mails, lambda connection: _mails(uow, connection, ids))


def log_replies(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """The rule: reply logging is optional, its subject is “Reply: …” and not the pattern."""
    ids = [row.data["received"] for row in happened if "received" in row.data]
    _log(uow, CrmConnection.logs_replies, lambda connection: _replies(uow, connection, ids))


def _log(uow: UnitOfWork, switch: Any, read: Callable[[CrmConnection], Sequence[Logged]]) -> None:
    connected = (CrmConnection.state == ConnectionState.CONNECTED) | (
        CrmConnection.state == ConnectionState.LOST
    )
    for connection in uow.session.scalars(sa.select(CrmConnection).where(switch, connected)).all():
        rows = [_record(uow, connection, one) for one in read(connection)]
        if rows:
            uow.session.execute(insert_missing(uow.session, CrmRecord), rows)


def _mails(uow: UnitOfWork, connection: CrmConnection, ids: Sequence[int]) -> list[Logged]:
    rows = uow.session.execute(
        sa.select(Message, User.zone, CrmUser.crm_id, *PLACE)
        .join(User, User.id == Message.sender_id)
        .outerjoin(CrmUser, _crm_user(connection, User.id))
        .outerjoin(Campaign, Campaign.id == Message.campaign_id)
        .outerjoin(Step, Step.key == Message.step_key)  # of several versions the newest is read last
        .where(Message.id.in_(ids), Message.team_id == connection.team_id, ~Message.proof)
        .order_by(Message.id, Step.version_id)
    )
    told = {
        message.id: Logged(
            RecordKind.MAIL,
            message.id,
            message.sender_id,
            message.person_id,
            _values(connection, "Email", message.subject, message.sent_at or uow.now, zone, owner, place),
        )
        for message, zone, owner, *place in rows
    }
    return list(told.values())


def _replies(uow: UnitOfWork, connection: CrmConnection, ids: Sequence[int]) -> list[Logged]:
    rows = uow.session.execute(
        sa.select(ReceivedMail, User.zone, CrmUser.crm_id)
        .join(User, User.id == ReceivedMail.user_id)
        .outerjoin(CrmUser, _crm_user(connection, User.id))
        .where(
            ReceivedMail.id.in_(ids),
            ReceivedMail.team_id == connection.team_id,
            ReceivedMail.kind == MailKind.REPLY,
        )
    )
    return [
        Logged(
            RecordKind.REPLY,
            mail.id,
            mail.user_id,
            mail.person_id,
            {
                **_values(connection, "Reply", "", mail.at, zone, owner, (None, None, None)),
                "subject": subject_of("Reply: {{activity_subject}}", {"activity_subject": mail.subject}),
                "comments": comparable(mail.text),
            },
        )
        for mail, zone, owner in rows
    ]


def _values(
    connection: CrmConnection,
    kind: str,
    subject: str,
    at: datetime,
    zone: str,
    owner: str | None,
    place: Sequence[Any],
) -> Values:
    campaign, day, step = (str(part) if part is not None else "" for part in place)
    pattern = {
        "activity_type": kind,
        "activity_subject": subject,
        "sales_campaign_name": campaign,
        "sales_campaign_day": day,
        "sales_campaign_step": step,
    }
    return {
        "subject": subject_of(connection.subject_pattern, pattern),
        "status": COMPLETE,
        "kind": kind,
        "due": at.astimezone(ZoneInfo(zone)).date().isoformat(),
        "owner": owner or "",
        **({"campaign": campaign, "day": day, "step": step} if campaign else {}),
    }


def _record(uow: UnitOfWork, connection: CrmConnection, one: Logged) -> Mapping[str, Any]:
    return {
        "connection_id": connection.id,
        "kind": one.kind,
        "local_id": one.local_id,
        "external_id": external_id(connection, one.kind, one.local_id),
        "user_id": one.user_id,
        "person_id": one.person_id,
        "ours": one.values,
        "due_at": uow.now,
        "changed_at": uow.now,
    }


def _crm_user(connection: CrmConnection, user_id: Any) -> sa.ColumnElement[bool]:
    return sa.and_(CrmUser.user_id == user_id, CrmUser.connection_id == connection.id)
