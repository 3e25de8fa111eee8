"""The table of jobs: who owns due work, and what is done for one owner. The rows are claimed by the job itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import cycle, islice

import structlog

from sales_campaigns.absence.reconnecting import hold_disconnected
from sales_campaigns.absence.taking_leave import change_leaves
from sales_campaigns.checkups.promises import broken_promises, count_imbalances, keep_imbalances
from sales_campaigns.crm.rounds import sync
from sales_campaigns.crm.syncing import CrmDesk, connections_due, gather_changes, with_changes
from sales_campaigns.deliveries.alarms.watching import watch
from sales_campaigns.deliveries.feeding import carry_on, due_deliveries
from sales_campaigns.deliveries.retention.removing import remove_old
from sales_campaigns.enrollments.answers.comebacks import add_again_due
from sales_campaigns.enrollments.ending import cancel_what_came_back
from sales_campaigns.enrollments.mailbox_drafts.making import DraftDesk
from sales_campaigns.enrollments.mailbox_drafts.waiting import mailboxes_to_tend, tend
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.enrollments.returning import resume_due
from sales_campaigns.enrollments.skipping import skip_due
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.messages.handing_over.due_mail import mailboxes_with_due_mail
from sales_campaigns.messages.handing_over.recovery import recover, settle_journals
from sales_campaigns.messages.inboxes.hearing import hear, sources_due
from sales_campaigns.messages.inboxes.looking import inboxes_due, look
from sales_campaigns.messages.inboxes.watches import ask_for_knocks, watches_due
from sales_campaigns.messages.pace.forgetting import forget_old_buckets
from sales_campaigns.messages.stops.catching_up import notice_outage, outage_seen
from sales_campaigns.notices.sending_letters import send_letters
from sales_campaigns.notices.writing_letters import write_letters
from sales_campaigns.presence import beat
from sales_campaigns.reactions import react
from sales_campaigns.table_statistics import gather_statistics
from sales_campaigns.tracking.telling import something_untold, tell
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from sales_campaigns.webhooks.calling import call_webhook, forget_old_calls, webhooks_due
from sales_campaigns.webhooks.telling import something_untold as something_for_webhooks
from sales_campaigns.webhooks.telling import tell_webhooks

log = structlog.get_logger()

Key = int | str
EVERYTHING: Sequence[Key] = ("all",)


class Place(Enum):
    """Which processes do a job."""

    EVERYWHERE = "everywhere"  # each process for itself, such as for its own disk
    LEADER = "leader"  # the one that keeps time: a transaction that is not worth a round trip
    WORKERS = "workers"  # the leader finds the owners of due work, any worker does it


@dataclass(frozen=True)
class Job:
    """`find` names the owners of due work, `do` works for one of them and says how much it found.

    `every` is in real seconds; None is the pace of the clock (settings: TICK_SECONDS). `upkeep` looks after processes
    and tables: nothing is due by it, so who lets weeks pass in seconds leaves it out.
    """

    name: str
    find: Callable[[PostRoom], Sequence[Key]]
    do: Callable[[PostRoom, Key], int]
    every: float | None = None
    place: Place = Place.LEADER
    upkeep: bool = False


def always(_room: PostRoom) -> Sequence[Key]:
    return EVERYTHING


def in_one_transaction(act: Callable[[UnitOfWork], int]) -> Callable[[PostRoom, Key], int]:
    def run(room: PostRoom, _key: Key) -> int:
        with unit_of_work(room.sessions, room.clock) as uow:
            return act(uow)

    return run


def _due_mailboxes(room: PostRoom) -> Sequence[Key]:
    """After an outage of ours, what is overdue is spread before the first of it is claimed."""
    with unit_of_work(room.reads, room.clock) as uow:
        if not outage_seen(uow):
            return mailboxes_with_due_mail(uow.session, uow.now)
    in_one_transaction(notice_outage)(room, "all")
    with unit_of_work(room.reads, room.clock) as uow:
        return mailboxes_with_due_mail(uow.session, uow.now)


def _due_deliveries(room: PostRoom) -> Sequence[Key]:
    with unit_of_work(room.reads, room.clock) as uow:
        return due_deliveries(uow.session, uow.now)


def _untold(room: PostRoom) -> Sequence[Key]:
    with unit_of_work(room.reads, room.clock) as uow:
        return EVERYTHING if something_untold(uow) else ()


def _for_webhooks(room: PostRoom) -> Sequence[Key]:
    with unit_of_work(room.reads, room.clock) as uow:
        return EVERYTHING if something_for_webhooks(uow.session) else ()


def _call_webhook(room: PostRoom, key: Key) -> int:
    return call_webhook(room, int(key))


def _carry_on(room: PostRoom, key: Key) -> int:
    with unit_of_work(room.sessions, room.clock) as uow:
        return int(carry_on(uow, int(key), reachable=room.bulk_allowed))


def _dispatch(room: PostRoom, key: Key) -> int:
    """The key is the mailbox, or the mailbox and one of its lanes."""
    return dispatch(room, int(str(key).partition(" lane ")[0]))


def _look(room: PostRoom, key: Key) -> int:
    return look(room, int(key))


def _ask_for_knocks(room: PostRoom, key: Key) -> int:
    ask_for_knocks(room, int(key))
    return 0


def _hear(room: PostRoom, key: Key) -> int:
    return hear(room, str(key))


def _recover(room: PostRoom, _key: Key) -> int:
    """Journals first: they know more than an expired lease."""
    settled = settle_journals(room)
    with unit_of_work(room.sessions, room.clock) as uow:
        return settled + sum(recover(uow)) + cancel_what_came_back(uow)


def _send_letters(room: PostRoom, _key: Key) -> int:
    return send_letters(room)


def _audit(room: PostRoom, _key: Key) -> int:
    """What is found stands on the pages of administrators; here it is told to whoever reads the log."""
    with unit_of_work(room.reads, room.clock) as uow:
        counts = count_imbalances(uow.session, uow.now)
    with unit_of_work(room.sessions, room.clock) as uow:
        keep_imbalances(uow, counts)
        for found in broken_promises(uow.session):
            log.error("a promise does not hold", name=found.name, count=found.count, words=found.words)
    return 0


def _beat(uow: UnitOfWork) -> int:
    beat(uow.session, "scheduler")
    notice_outage(uow)
    return 0


def _crms_with_changes(room: PostRoom) -> Sequence[Key]:
    with unit_of_work(room.reads, room.clock) as uow:
        return with_changes(uow)


def _gather(room: PostRoom, key: Key) -> int:
    with unit_of_work(room.sessions, room.clock) as uow:
        return gather_changes(uow, int(key))


def _crms_due(room: PostRoom) -> Sequence[Key]:
    if room.crms is None:
        return ()
    with unit_of_work(room.reads, room.clock) as uow:
        return connections_due(uow)


def _sync(room: PostRoom, key: Key) -> int:
    return sync(CrmDesk(room.sessions, room.clock, room.crms, room.seal), int(key)) if room.crms else 0


def _mailboxes_to_tend(room: PostRoom) -> Sequence[Key]:
    if room.drafts is None:
        return ()
    with unit_of_work(room.reads, room.clock) as uow:
        return mailboxes_to_tend(uow)


def _tend(room: PostRoom, key: Key) -> int:
    return tend(DraftDesk(room.sessions, room.clock, room.seal, room.access, room.drafts), int(key))


JOBS: tuple[Job, ...] = (
    Job("react", always, in_one_transaction(react)),
    Job("leave", always, in_one_transaction(change_leaves)),
    Job("mailboxes away", always, in_one_transaction(hold_disconnected)),
    Job("open tasks", always, in_one_transaction(open_due)),
    Job("skip tasks", always, in_one_transaction(skip_due)),
    Job("people who are back", always, in_one_transaction(resume_due)),
    Job("people who come again", always, in_one_transaction(add_again_due)),
    Job("deliveries", _due_deliveries, _carry_on, place=Place.WORKERS),
    Job("send", _due_mailboxes, _dispatch, place=Place.WORKERS),
    Job("ask for knocks", watches_due, _ask_for_knocks, every=60),
    Job("hear knocks", sources_due, _hear, every=1),
    Job("read", inboxes_due, _look, every=1),
    Job("drafts in mailboxes", _mailboxes_to_tend, _tend, every=10, place=Place.WORKERS),
    Job("write letters", always, in_one_transaction(write_letters), every=30),
    Job("send letters", always, _send_letters, every=15),
    Job("gather for the CRM", _crms_with_changes, _gather),
    Job("sync with the CRM", _crms_due, _sync, place=Place.WORKERS),
    Job("tell of opens and clicks", _untold, in_one_transaction(tell)),
    Job("tell webhooks", _for_webhooks, in_one_transaction(tell_webhooks)),
    Job("call webhooks", webhooks_due, _call_webhook, place=Place.WORKERS),
    Job("forget old calls", always, in_one_transaction(forget_old_calls), every=3600, upkeep=True),
    Job("forget old buckets", always, in_one_transaction(forget_old_buckets), every=3600, upkeep=True),
    Job("statistics", always, in_one_transaction(gather_statistics), every=600, upkeep=True),
    Job("recover", always, _recover, every=15),
    Job("watch deliveries", always, in_one_transaction(watch), every=60),
    Job("remove old logs", always, in_one_transaction(remove_old), every=60),
    Job("audit", always, _audit, every=60, upkeep=True),
    Job("heartbeat", always, in_one_transaction(_beat), every=5),
)

WITHOUT_UPKEEP = tuple(job for job in JOBS if not job.upkeep)


def run_until_quiet(room: PostRoom, jobs: Sequence[Job] = WITHOUT_UPKEEP, rounds: int = 10_000) -> int:
    """Do all work that is due now, in this thread: for stories, rehearsals and `scheduler once`.

    Jobs with a pace of their own look after things that come up seldom: they run once the others are quiet.
    """
    often, seldom = [job for job in jobs if job.every is None], [job for job in jobs if job.every is not None]
    total = 0
    for _ in range(rounds):
        total += _in_turn(room, often, rounds)
        if not (done := sum(_work(room, job) for job in seldom)):
            return total
        total += done
    raise RuntimeError("the work does not come to an end")


def _in_turn(room: PostRoom, jobs: Sequence[Job], rounds: int) -> int:
    """One after the other, until each has found nothing since anything was done."""
    total = quiet = 0
    turns = islice(cycle(jobs), rounds * len(jobs))
    while quiet < len(jobs):
        if (job := next(turns, None)) is None:
            raise RuntimeError("the work does not come to an end")
        done = _work(room, job)
        total, quiet = total + done, 0 if done else quiet + 1
    return total


def _work(room: PostRoom, job: Job) -> int:
    return sum(job.do(room, key) for key in job.find(room))
