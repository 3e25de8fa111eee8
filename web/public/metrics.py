"""Figures for Prometheus, read from the rows when they are asked for, so that every web process says the same."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from sales_campaigns.checkups.promises import NAMES, broken_promises
from sales_campaigns.enrollments.explaining.health import Health, health_of
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.invariants import Finding
from web.request_scope import settings, work

NUMBERS = ("ahead", "due", "retrying", "in_flight", "uncertain")


def add_to(pages: Blueprint) -> None:
    pages.add_url_rule("/metrics", "metrics", metrics)


def metrics() -> Response:
    """For whoever shows the token of METRICS_TOKEN, as a bearer; without one there is nothing here."""
    token = settings().metrics_token
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not secrets.compare_digest(shown.encode(), token.encode()):
        raise NotFound
    uow = work()
    broken = broken_promises(uow.session)
    read_now = CollectorRegistry()
    read_now.register(Figures(health_of(uow.session, uow.now, uow.speed), broken))
    return Response(generate_latest(read_now), content_type=CONTENT_TYPE_LATEST)


class Figures(Collector):
    """One reading. Names and labels hold no address but those of the installation's own mailboxes."""

    def __init__(self, health: Health, broken: Iterable[Finding]) -> None:
        self._health = health
        self._broken = {one.name: one.count for one in broken}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._lateness()
        yield self._processes()
        yield self._mails()
        yield self._waiting()
        yield self._promises()

    def _lateness(self) -> Iterator[GaugeMetricFamily]:
        lag = _gauge("lag_seconds", "How long the oldest that may be done is due.", ["work"])
        for name, late in self._health.lags.items():
            lag.add_metric([name], late.total_seconds())
        yield lag
        follows = _gauge("reactions_waiting", "Events that something must follow.", [])
        follows.add_metric([], self._health.reactions)
        yield follows

    def _processes(self) -> GaugeMetricFamily:
        living = _gauge("process_alive", "1 while the process gives signs of life.", ["kind", "process"])
        for one in self._health.processes:
            living.add_metric([one.kind, one.name], float(one.alive))
        return living

    def _mails(self) -> GaugeMetricFamily:
        mails = _gauge("mails", "Mails of a mailbox that have not ended.", ["mailbox", "state"])
        for queue in self._health.queues:
            for name in NUMBERS:
                mails.add_metric([queue.mailbox.address, name], getattr(queue, name))
        return mails

    def _waiting(self) -> GaugeMetricFamily:
        waiting = _gauge(
            "mails_held_up", "Due mails that wait for something, by reason.", ["mailbox", "reason"]
        )
        for queue in self._health.queues:
            by_reason: dict[str, int] = {}
            for group in queue.groups:
                by_reason[group.reason] = by_reason.get(group.reason, 0) + group.count
            for reason, count in by_reason.items():
                waiting.add_metric([queue.mailbox.address, reason], count)
        return waiting

    def _promises(self) -> GaugeMetricFamily:
        """Every promise has its line, so that an alarm can tell nought from silence."""
        promises = _gauge("promise_broken", "Rows for which a promise does not hold: must be 0.", ["promise"])
        for name, count in {**dict.fromkeys(NAMES, 0), **self._broken}.items():
            promises.add_metric([name], count)
        return promises


def _gauge(name: str, words: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"sales_campaigns_{name}", words, labels=labels)
