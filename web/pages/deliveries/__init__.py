"""Deliveries, series, and what keeps addresses out."""

from web.pages.deliveries import (
    ab_test,
    bounce_rules,
    continuous,
    deliveries,
    delivery,
    delivery_logs,
    delivery_templates,
    delivery_tracking,
    proofs,
    quarantine,
    series,
    test_profiles,
    typology,
)

PAGES = (
    ab_test.pages,
    bounce_rules.pages,
    continuous.pages,
    deliveries.pages,
    delivery.pages,
    delivery_logs.pages,
    delivery_templates.pages,
    delivery_tracking.pages,
    proofs.pages,
    quarantine.pages,
    series.pages,
    test_profiles.pages,
    typology.pages,
)
