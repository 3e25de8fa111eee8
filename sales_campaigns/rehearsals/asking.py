"""Ask for a rehearsal of a campaign, stop one, and forget old ones. The scheduler plays them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import require
from sales_campaigns.campaigns.beside_the_file import bundles_of, varied_of
from sales_campaigns.campaigns.file import CampaignFile, write_campaign
from sales_campaigns.campaigns.filing import export_campaign
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.varied import written_out
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.enrollments.launches.checking import Checked, check_people
from sales_campaigns.enrollments.launches.choosing import members
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.errors import Invalid
from sales_campaigns.people.merging import FIELDS
from sales_campaigns.people.models import Person
from sales_campaigns.rehearsals.models import Rehearsal, RehearsalState
from sales_campaigns.rehearsals.presets import PRESETS
from sales_campaigns.rehearsals.reading import rehearsal_of
from sales_campaigns.rehearsals.states import REHEARSAL
from sales_campaigns.unit_of_work import UnitOfWork

SAMPLE = 20
MOST = 200
KEPT = 10  # rehearsals of one campaign
KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was chosen on the page: a group, or None for a sample; `start` is the sender's wall clock, None is now."""

    group_id: int | None = None
    preset: str = "silent"
    start: datetime | None = None


def ask_rehearsal(uow: UnitOfWork, actor: User, campaign_id: int, wanted: Wanted) -> Rehearsal:
    """Put a rehearsal into the queue. Raises NotFound, and Invalid by field.

    Everything it needs is copied: nothing that happens in it touches the team's own rows.
    """
    require(actor, "launch")
    campaign = campaign_of(uow.session, actor, campaign_id)
    if wanted.preset not in PRESETS:
        raise Invalid({"preset": "Choose one of the scripts."})
    file = export_campaign(uow.session, campaign)
    mailbox = _mailbox(uow, actor)
    checked = _checked(uow, actor, campaign, mailbox, wanted)
    row = Rehearsal(
        team_id=campaign.team_id,
        user_id=actor.id,
        campaign_id=campaign.id,
        preset=wanted.preset,
        people=len(checked.to_deliver),
        asked={
            **_asked(uow, actor, mailbox, file, checked, wanted),
            "bundles": bundles_of(uow.session, campaign),
            "varied": written_out(varied_of(uow.session, campaign)),
        },
        created_at=uow.now,
    )
    _forget_old(uow, campaign)
    uow.session.add(row)
    uow.session.flush()
    uow.record("rehearsal.asked", **_about(row, actor), data={"people": row.people, "name": campaign.name})
    return row


def stop_rehearsal(uow: UnitOfWork, actor: User, campaign_id: int, rehearsal_id: int) -> None:
    """Raises IllegalMove for one that is over."""
    require(actor, "launch")
    row = rehearsal_of(uow.session, actor, campaign_id, rehearsal_id)
    uow.move(REHEARSAL, row, "stop", about=_about(row, actor), ended_at=uow.now, lease_until=None)


def _about(row: Rehearsal, actor: User) -> dict[str, Any]:
    return {"actor_id": actor.id, "team_id": row.team_id, "campaign_id": row.campaign_id}


def _mailbox(uow: UnitOfWork, actor: User) -> Mailbox | None:
    query = sa.select(Mailbox).where(Mailbox.user_id == actor.id).order_by(Mailbox.id)
    return uow.session.scalars(query).first()


def _checked(
    uow: UnitOfWork, actor: User, campaign: Campaign, mailbox: Mailbox | None, wanted: Wanted
) -> Checked:
    """Those of the chosen who could be added today, and the others with the cause."""
    version = newest(uow.session, campaign)
    chosen = _people(uow, actor, campaign, wanted.group_id)
    checked = check_people(uow.session, actor, campaign, version, chosen, mailbox)
    if not checked.to_deliver:
        raise Invalid({"group": "Nobody of these could be added to this campaign. Choose other people."})
    return checked


def _people(uow: UnitOfWork, actor: User, campaign: Campaign, group_id: int | None) -> Sequence[int]:
    """The actor's newest people who are not on their way already, or the first of a group."""
    if group_id is not None:
        return members(uow.session, actor, campaign, group_id)[:MOST]
    mine = sa.select(Person.id).where(
        Person.team_id == campaign.team_id,
        Person.owner_id == actor.id,
        Person.deleted_at.is_(None),
        Person.address_id.is_not(None),
        ~sa.exists().where(
            Enrollment.person_id == Person.id,
            Enrollment.campaign_id == campaign.id,
            Enrollment.state.in_(UNDER_WAY),
        ),
    )
    return uow.session.scalars(mine.order_by(Person.id.desc()).limit(SAMPLE)).all()


def _asked(
    uow: UnitOfWork,
    actor: User,
    mailbox: Mailbox | None,
    file: CampaignFile,
    checked: Checked,
    wanted: Wanted,
) -> dict[str, Any]:
    now = uow.now.astimezone(ZoneInfo(actor.zone)).replace(tzinfo=None, microsecond=0)
    return {
        "file": write_campaign(file),
        "people": [_row(person) for person in checked.to_deliver],
        "excluded": [{"person": one.person.name, "words": one.words} for one in checked.excluded],
        "start": (wanted.start or now).isoformat(),
        "zone": actor.zone,
        "limit": mailbox.daily_limit if mailbox else None,
        "sender": {
            "email": mailbox.address if mailbox else actor.email,
            "first_name": actor.first_name,
            "last_name": actor.last_name,
            "title": actor.title,
            "phone": actor.phone,
            "signature_html": mailbox.signature_html if mailbox else "",
        },
    }


def _row(person: Person) -> dict[str, str]:
    """As a file of people has it."""
    fields = {name: getattr(person, name) for name in FIELDS if name != "zone"}
    return {**(person.custom or {}), **fields, "email": person.email, "time_zone": person.zone}


def _forget_old(uow: UnitOfWork, campaign: Campaign) -> None:
    """What a rehearsal copied of people goes again: the newest few stay, for a week."""
    newest_ones = sa.select(Rehearsal.id).where(Rehearsal.campaign_id == campaign.id)
    newest_ones = newest_ones.order_by(Rehearsal.id.desc()).limit(KEPT - 1)
    old = sa.or_(
        Rehearsal.created_at < uow.now - KEPT_FOR,
        sa.and_(Rehearsal.campaign_id == campaign.id, Rehearsal.id.not_in(newest_ones)),
    )
    over = Rehearsal.state.not_in([RehearsalState.ASKED, RehearsalState.RUNNING])
    uow.session.execute(sa.delete(Rehearsal).where(old, over).execution_options(synchronize_session=False))
