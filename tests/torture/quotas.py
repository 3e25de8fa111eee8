"""Five workers share what Microsoft allows a mailbox: 30 mails a minute, four calls at a time, and a pause when it says
so. The server that stands in for it counts.
"""

from __future__ import annotations

import random
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.authorising.granting import store
from sales_campaigns.accounts.models import Grant, Mailbox
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import SystemClock, machine_now
from sales_campaigns.database import make_sessions
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.models import Message
from sales_campaigns.unit_of_work import unit_of_work
from tests.cast import cast_of
from tests.databases import durable_postgresql_url
from tests.stand_ins.microsoft import SCOPES, Microsoft
from tests.stand_ins.microsoft_graph import graph_error
from tests.stand_ins.serving import Asked, Delay, Fault, Reply
from tests.stand_ins.vendors import OUTLOOK, Vendor
from tests.stand_ins.worlds import settings_of
from tests.torture.campaign import add_people, one_mail, own_box
from tests.torture.cluster import QUEUED, Cluster
from tests.torture.installation import SECRET, Installation, wait_until
from tests.torture.ledger import is_quiet

WORKERS, BOXES = 5, 3
A_MINUTE, AT_ONCE = 30, 4
RETRY_SECONDS = 5
TOO_FAST = 0.02  # of the mails it refuses for no reason that is known outside
CALL_SECONDS = 0.1


class Metered(Microsoft):
    """Counts for each mailbox when mails are sent, how many calls there are at a time, and who does not wait."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._inside: Counter[str] = Counter()
        self._closed: dict[str, float] = {}
        self.most: Counter[str] = Counter()
        self.asked_at: dict[str, list[float]] = defaultdict(list)
        self.refused = self.impatient = 0
        super().__init__()

    def fault(self, name: str, asked: Asked) -> Fault | None:
        mailbox, now = self._mailbox(asked), time.monotonic()
        if name == "messages.send":
            self.asked_at[mailbox].append(now)
            self.impatient += now < self._closed.get(mailbox, 0)
            if self._chance.random() < TOO_FAST:
                self.refused += 1
                self._closed[mailbox] = now + RETRY_SECONDS
                return graph_error(429, "ApplicationThrottled", "later", {"Retry-After": str(RETRY_SECONDS)})
        self._inside[mailbox] += 1
        self.most[mailbox] = max(self.most[mailbox], self._inside[mailbox])
        return Delay(CALL_SECONDS)

    def answer(self, name: str, asked: Asked) -> Reply:
        self._inside[self._mailbox(asked)] -= 1
        return super().answer(name, asked)

    def _mailbox(self, asked: Asked) -> str:
        held = self.tokens.holder(asked.headers.get("authorization", "").removeprefix("Bearer "))
        return held[0] if held else ""

    def in_a_minute(self) -> dict[str, int]:
        """The most that each mailbox sent in any sixty seconds."""
        return {box: max(_within(sorted(at))) for box, at in self.asked_at.items()}


def _within(at: list[float]) -> list[int]:
    return [bisect_left(at, begun + 60) - number for number, begun in enumerate(at)]


def share_what_is_allowed(folder: Path, each: int, seed: int, url: str) -> tuple[str, list[str]]:
    """So many mails `each` of three mailboxes: the figures in words, and what is broken."""
    with Metered(seed) as graph:
        known = {name.upper(): str(value) for name, value in settings_of(graph).items()}
        here = Installation(folder, url, {**QUEUED, **known})
        here.set_up()
        engine, cluster = here.engine, Cluster(here)
        addresses = _launch(engine, graph, each)
        cluster.start_all(WORKERS)
        try:
            wait_until(lambda: is_quiet(engine), 240 + each * 4, "every message sent")
        finally:
            cluster.end(list(cluster.programs))
        with engine.connect() as connection:
            states = Counter(str(one) for one in connection.scalars(sa.select(Message.state)))
        engine.dispose()
        got = Counter(one for box in addresses for left in graph.box(box).left for one in left.recipients)
        return _judged(graph, states, got, each * len(addresses))


def _launch(engine: Engine, graph: Metered, each: int) -> list[str]:
    """From three mailboxes that are connected by consent."""
    vendor = Vendor("outlook", graph, SCOPES, OUTLOOK, Reply(), Reply())
    addresses = [f"rep{number}@north.example" for number in range(BOXES)]
    with unit_of_work(make_sessions(engine), SystemClock()) as uow:
        cast = cast_of(uow)
        people, campaign = add_people(uow, cast, BOXES * each), one_mail(uow, cast)
        for number, address in enumerate(addresses):
            box = uow.session.get_one(Mailbox, own_box(uow, cast, address))
            box.provider, grant = "outlook", Grant(mailbox_id=box.id, granted_at=machine_now())
            store(grant, vendor.granted(address), Seal(SECRET))
            uow.session.add(grant)
            ids = people[number * each : (number + 1) * each]
            launch(uow, cast.cleo, Order(campaign.id, ids, mailbox_id=box.id), limit=each)
    return addresses


def _judged(graph: Metered, states: Counter[str], got: Counter[str], expected: int) -> tuple[str, list[str]]:
    fastest, most = graph.in_a_minute(), dict(graph.most)
    most.pop("", None)
    checks = {
        f"{max(fastest.values())} mails of a mailbox in a minute": max(fastest.values()) <= A_MINUTE,
        f"{max(most.values())} calls of a mailbox at once": max(most.values()) <= AT_ONCE,
        f"asked {graph.impatient} times before a pause was over": not graph.impatient,
        f"neither sent nor dropped: {dict(states)}": states == {"sent": expected},
        f"{len(got)} people reached": len(got) == expected,
        f"twice to {[one for one, times in got.items() if times > 1]}": max(got.values()) == 1,
    }
    said = f"{expected} mails of {BOXES} mailboxes by {WORKERS} workers, {graph.refused} times told to wait"
    said = f"{said}: at most {max(fastest.values())} in a minute, {max(most.values())} calls at once"
    return said, [words for words, right in checks.items() if not right]


def all_quotas(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """For make torture: four minutes of sending at the limit."""
    each = max(round(120 * share), 45)
    here = url and durable_postgresql_url(f"torture_quotas_{seed}")
    return share_what_is_allowed(folder, each, seed, here)
