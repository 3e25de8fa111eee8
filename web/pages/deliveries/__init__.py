"""Deliveries, series, and what keeps addresses out."""

from web.pages.deliveries import (
    bounce_rules,
    continuous,
    deliveries,
    delivery,
    delivery_logs,
    delivery_tracking,
    quarantine,
    series,
    typology,
)

PAGES = (
    bounce_rules.pages,
    continuous.pages,
    deliveries.pages,
    delivery.pages,
    delivery_logs.pages,
    delivery_tracking.pages,
    quarantine.pages,
    series.pages,
    typology.pages,
)
