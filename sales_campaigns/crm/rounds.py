"""What one round does, in its order. It is read before it is written, so that the newest word of a field wins."""

from __future__ import annotations

from datetime import timedelta

from sales_campaigns.crm.adopting import adopt, adoptable, remember_people, strangers
from sales_campaigns.crm.gathering import gather
from sales_campaigns.crm.introducing import introduce, unknown_addresses
from sales_campaigns.crm.opting_out import (
    flag,
    forgive,
    last_change,
    let_in_there,
    opted_out_here,
    opted_out_there,
    reconciles_now,
    to_tell,
    told,
)
from sales_campaigns.crm.pulling import owners_of, take_changes, take_deletions
from sales_campaigns.crm.pushing import hand_over, keep_answers, letters_due
from sales_campaigns.crm.syncing import CrmDesk, Round, all_is_well, connected_one, rest
from sales_campaigns.errors import Outside
from sales_campaigns.ports.crm import CrmChanges, CrmPerson, PeopleBy

DELETIONS_EVERY = timedelta(minutes=5)
OVERLAP = timedelta(minutes=5)
DELETIONS_KEPT = timedelta(days=15)
PAGE = 500


def sync(desk: CrmDesk, connection_id: int) -> int:
    """One round; how much it moved. What the CRM does not take now waits, and the CRM rests."""
    this = Round(desk, connection_id)
    try:
        with desk.work() as uow:
            if not connected_one(uow, connection_id):
                return 0
        moved = _pull(this) + _pull_deletions(this) + _pull_opt_outs(this)
        moved += _introduce(this) + _push(this) + _push_opt_outs(this)
        with desk.work() as uow:
            all_is_well(uow, connection_id, this.crm)
    except Outside as refused:
        with desk.work() as uow:
            rest(uow, connection_id, refused)
        return 0
    return moved


def _gather(this: Round) -> None:
    """Batch after batch, each in a transaction of its own."""
    some = 1
    while some:
        with this.connection() as (uow, connection):
            some = gather(uow, connection)


def _pull(this: Round) -> int:
    _gather(this)
    with this.connection() as (uow, connection):
        if not connection.syncs_tasks:
            return 0
        watermark, owners = connection.watermark, sorted(owners_of(uow.session, connection))
    moved, more = 0, True
    while more:
        came = this.crm.changes_since(watermark, owners)
        moved += _take_in(this, came)
        watermark, more = came.watermark, came.more
    return moved


def _take_in(this: Round, came: CrmChanges) -> int:
    with this.connection() as (uow, connection):
        unknown = take_changes(uow, connection, came)
        owners = owners_of(uow.session, connection)
        new = adoptable(unknown, owners)
        asked = strangers(uow, connection, new)
    if new:
        found = this.crm.find_people(PeopleBy.ID, asked) if asked else ()
        with this.connection() as (uow, connection):
            remember_people(uow, connection, found)
            adopt(uow, connection, new, owners)
    return len(new)


def _pull_deletions(this: Round) -> int:
    """The rule: deletions of 15 days."""
    with this.connection() as (uow, connection):
        since, now = connection.deleted_until, uow.now
        if not connection.syncs_tasks or (since is not None and now - since < DELETIONS_EVERY):
            return 0
    oldest = now - DELETIONS_KEPT
    gone = this.crm.deleted_since(max(since - OVERLAP, oldest) if since is not None else oldest)
    with this.connection() as (uow, connection):
        connection.deleted_until = now
        return take_deletions(uow, connection, gone)


def _pull_opt_outs(this: Round) -> int:
    """What was changed there since the last look; once a day, everybody."""
    with this.connection() as (uow, connection):
        now, since = uow.now, connection.opt_outs_until
        nightly = reconciles_now(connection, now)
        if not connection.syncs_opt_outs or not (nightly or since is None or now - since >= OVERLAP):
            return 0
    everybody = nightly or since is None
    moved, some, read = 0, list[CrmPerson](), set[str]()
    for person in this.crm.opted_out_since(None if everybody or since is None else since - OVERLAP):
        some.append(person)
        read.add(person.email.lower())
        if len(some) == PAGE:
            moved, some = moved + _opted_out_there(this, some), []
    moved += _opted_out_there(this, some)
    with this.connection() as (uow, connection):
        connection.opt_outs_until = now
        if everybody:
            let_in_there(uow, connection, read)
    return moved


def _opted_out_there(this: Round, people: list[CrmPerson]) -> int:
    if not people:
        return 0
    with this.connection() as (uow, connection):
        remember_people(uow, connection, people)
        flag(uow, connection, [person.email.lower() for person in people])
        return opted_out_there(uow, connection, people)


def _introduce(this: Round) -> int:
    while True:
        with this.connection() as (uow, connection):
            asked = unknown_addresses(uow, connection)
        if not asked:
            return 0
        found = this.crm.find_people(PeopleBy.EMAIL, asked)
        with this.connection() as (uow, connection):
            introduce(uow, connection, asked, found)


def _push(this: Round) -> int:
    """Batch after batch; the first that the organisation as a whole refuses ends the round."""
    moved = 0
    while True:
        with this.desk.work() as uow:
            letters = letters_due(uow, this.connection_id)
        answers = list(hand_over(letters, this.speaking_as))
        with this.desk.work() as uow:
            keep_answers(uow, answers)
        stopped = next((answer for _, answer in answers if isinstance(answer, Outside)), None)
        if stopped is not None:
            raise stopped
        moved += len(letters)
        if not letters:
            return moved


def _push_opt_outs(this: Round) -> int:
    moved = 0
    with this.connection() as (uow, connection):
        if not connection.syncs_opt_outs:
            return 0
        nightly, now, last = reconciles_now(connection, uow.now), uow.now, last_change(uow.session)
        if nightly:
            forgive(uow, connection.id)
    while True:
        with this.connection() as (uow, connection):
            emails = opted_out_here(uow.session, connection, everybody=nightly)
        if not emails:
            break
        moved += _tell_opt_outs(this, emails)
    with this.connection() as (_, connection):
        connection.opt_outs_read = last
        if nightly:
            connection.reconciled_at = now
    return moved


def _tell_opt_outs(this: Round, emails: list[str]) -> int:
    found = this.crm.find_people(PeopleBy.EMAIL, emails)
    with this.connection() as (uow, connection):
        introduce(uow, connection, emails, found)
        people = to_tell(uow.session, connection, emails)
    answers = this.crm.set_opt_out(people) if people else ()
    with this.connection() as (uow, connection):
        told(uow, connection, people, answers)
    return len(people)
