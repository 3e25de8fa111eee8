"""Set the stage: in a database of its own a team with one rep, the mailbox, the campaign and the people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sales_campaigns.absence.taking_leave import Absent, take_leave
from sales_campaigns.accounts.models import Instance, Mailbox, Team, User
from sales_campaigns.addresses import check_address
from sales_campaigns.calendars.models import LeaveKind, OwnHoliday, Schedule
from sales_campaigns.calendars.team_calendar import Hours
from sales_campaigns.campaigns.audience import Audience, Person, own_zone, stand_ins
from sales_campaigns.campaigns.creating import add_campaign
from sales_campaigns.campaigns.drafts import StepDraft
from sales_campaigns.campaigns.filing import steps_of
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner.local_time import resolve
from sales_campaigns.campaigns.simulating import first_of, mails_in, zones_differ
from sales_campaigns.campaigns.stored_settings import stored_form
from sales_campaigns.campaigns.variants import VariantDraft
from sales_campaigns.campaigns.varied import Varied
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.content.bundles import gather
from sales_campaigns.content.models import Wording
from sales_campaigns.content.wordings import content_of, wording_for
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.people.address_rows import ensure_addresses
from sales_campaigns.people.merging import FIELDS
from sales_campaigns.people.models import Person as PersonRow
from sales_campaigns.rehearsals.plays import Play, Sender
from sales_campaigns.unit_of_work import UnitOfWork

NO_LIMIT = 1_000_000  # mails a day: more than anybody rehearses
BUILT_IN = frozenset({"email", "time_zone", "full_name", *FIELDS})


@dataclass(frozen=True, slots=True)
class Stage:
    """The rep, the campaign, and each person's id with the name that the result gives them."""

    rep: User
    campaign_id: int
    names: Mapping[int, str]


def set_stage(uow: UnitOfWork, play: Play, audience: Audience) -> Stage:
    """Everything up to the launch. Raises Invalid for a campaign that could not be imported."""
    rep = _rep(uow, play.wish.zone, play.sender)
    _mailbox(uow, rep, play)
    _calendar(uow, rep, play)
    campaign = _campaign(uow, rep, play)
    return Stage(rep, campaign.id, _people(uow, rep, play, audience))


def launch_all(uow: UnitOfWork, stage: Stage, play: Play) -> None:
    """The launch, at the first instant of the rehearsal; nothing happens where there is nobody."""
    if not stage.names:
        return
    first_key = _first_key(uow, stage, play)
    send_at = _send_at(play, first_key)
    order = Order(stage.campaign_id, list(stage.names), send_at=send_at, first_key=first_key)
    launch(uow, stage.rep, order, limit=len(stage.names))


def _calendar(uow: UnitOfWork, rep: User, play: Play) -> None:
    """The rep's leave, the team's own holidays and its schedules, as the simulation knows them."""
    for first, last in play.wish.leave:
        take_leave(uow, rep, Absent(rep, first, last, LeaveKind.SHIFT))
    uow.session.add_all(
        OwnHoliday(team_id=rep.team_id, author_id=rep.id, **one._asdict()) for one in play.wish.own.dates
    )
    uow.session.add_all(_schedule(uow, rep, hours) for hours in play.wish.own.schedules)
    uow.session.flush()


def _schedule(uow: UnitOfWork, rep: User, hours: Hours) -> Schedule:
    return Schedule(
        team_id=rep.team_id,
        author_id=rep.id,
        changed_at=uow.now,
        name=hours.name,
        zone=hours.zone,
        days="".join(str(day + 1) for day in sorted(hours.days)),
        place=hours.place,
        opens=hours.opens,
        closes=hours.closes,
    )


def _rep(uow: UnitOfWork, zone: str, sender: Sender) -> User:
    team = Team(name="Rehearsal")
    uow.session.add_all([team, Instance(id=1)])
    uow.session.flush()
    rep = User(
        team_id=team.id,
        team=team,
        email=sender.email,
        first_name=sender.first_name,
        last_name=sender.last_name,
        title=sender.title,
        phone=sender.phone,
        zone=zone,
        created_at=uow.now,
    )
    uow.session.add(rep)
    uow.session.flush()
    return rep


def _mailbox(uow: UnitOfWork, rep: User, play: Play) -> None:
    uow.session.add(
        Mailbox(
            user_id=rep.id,
            provider="sandbox",
            address=play.sender.email,
            security="none",
            signature_html=play.sender.signature_html,
            daily_limit=play.wish.limit or NO_LIMIT,
        )
    )


def _campaign(uow: UnitOfWork, rep: User, play: Play) -> Campaign:
    """As the file says, with the files of its mails and their variants, which no file has words for."""
    file, varied = play.wish.campaign, play.wish.varied
    bundles = {id: gather(uow, rep, rep.team_id, None, files) for id, files in play.bundles.items()}
    steps = tuple(
        _varied(uow, step, varied[place], bundles)
        if place in varied
        else _enclosing(uow, step, bundles.get(play.enclosed.get(place, 0)))
        for place, step in enumerate(steps_of(uow, rep, file))
    )
    return add_campaign(uow, rep, file.name, file.category, steps, stored_form(file.settings))


def _enclosing(uow: UnitOfWork, step: StepDraft, bundle_id: int | None) -> StepDraft:
    if bundle_id is None or step.wording_id is None:
        return step
    content = content_of(uow.session.get_one(Wording, step.wording_id))
    return replace(step, wording_id=wording_for(uow.session, replace(content, bundle_id=bundle_id)).id)


def _varied(uow: UnitOfWork, step: StepDraft, varied: Varied, bundles: Mapping[int, int | None]) -> StepDraft:
    """Under the step's own key: the lots are drawn with it, so that everybody gets what a launch would give them."""
    variants = []
    for one in varied.variants:
        content = replace(one.content, bundle_id=bundles.get(one.content.bundle_id or 0))
        wording = wording_for(uow.session, content)
        variants.append(VariantDraft(one.key, wording.id, one.weight, stopped=one.stopped))
    return replace(step, key=varied.key).with_variants(variants)


def _people(uow: UnitOfWork, rep: User, play: Play, audience: Audience) -> dict[int, str]:
    everybody = {**audience.mailed, **audience.unmailed}
    if not everybody:
        return {}
    addresses = {who: check_address(who) for who in audience.mailed}
    ids = ensure_addresses(uow.session, addresses.values())
    mails = mails_in(play.wish)
    rows = [
        _row(uow, rep, {**stand_ins(row, mails), **row} if who in addresses else row)
        | {
            "email": row["email"].strip() if who in addresses else "",
            "address_id": ids[addresses[who].key] if who in addresses else None,
        }
        for who, row in everybody.items()
    ]
    made = uow.session.scalars(
        sa.insert(PersonRow).returning(PersonRow.id, sort_by_parameter_order=True), rows
    )
    return dict(zip(made, everybody, strict=True))


def _row(uow: UnitOfWork, rep: User, person: Person) -> dict[str, Any]:
    fields = {name: person.get(name, "") for name in FIELDS if name != "zone"}
    custom = {name: value for name, value in person.items() if name not in BUILT_IN and value}
    if not (fields["first_name"] or fields["last_name"]):
        fields["first_name"], _, fields["last_name"] = person.get("full_name", "").rpartition(" ")
    return {
        **fields,
        "zone": own_zone(person),
        "custom": custom,
        "team_id": rep.team_id,
        "owner_id": rep.id,
        "created_at": uow.now,
        "changed_at": uow.now,
    }


def _send_at(play: Play, first_key: str) -> dict[str, datetime]:
    """As the simulation reads it: the sender's wall clock, which is an instant where zones differ."""
    wish = play.wish
    if wish.send_at is None:
        return {}
    at = resolve(wish.send_at, wish.zone) if zones_differ(wish) else wish.send_at
    return {first_key: at}


def _first_key(uow: UnitOfWork, stage: Stage, play: Play) -> str:
    """Of the step that they start at."""
    version = newest(uow.session, uow.session.get_one(Campaign, stage.campaign_id))
    return version.steps[first_of(play.wish) or 0].key
