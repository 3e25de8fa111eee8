"""Deliveries: write, prepare, confirm, send; their logs; series; the sending policy."""

from web.api.deliveries import ab_tests, deliveries, logs, policy, running, series

AREAS = (deliveries.api, running.api, logs.api, series.api, ab_tests.api, policy.api)
