"""Campaigns: the list, the editor, variants, files, forecasts, launches, and the people under way."""

from web.api.campaigns import (
    campaigns,
    detours,
    enrollments,
    files,
    forecasts,
    late,
    launches,
    rehearsals,
    steps,
    variants,
)

AREAS = (
    campaigns.api,
    steps.api,
    variants.api,
    files.api,
    forecasts.api,
    launches.api,
    enrollments.api,
    detours.api,
    late.api,
    rehearsals.api,
)
