"""Deliveries: write, prepare, confirm, send; proofs and logs; series and continuous ones; the sending policy."""

from web.api.deliveries import (
    ab_tests,
    continuous,
    deliveries,
    logs,
    policy,
    proofs,
    running,
    series,
    templates,
)

AREAS = (
    deliveries.api,
    running.api,
    proofs.api,
    logs.api,
    series.api,
    continuous.api,
    ab_tests.api,
    templates.api,
    policy.api,
)
