"""Campaigns: the list, the editor, files, forecasts, launches, and the people under way."""

from web.api.campaigns import campaigns, enrollments, files, forecasts, launches, rehearsals, steps

AREAS = (campaigns.api, steps.api, files.api, forecasts.api, launches.api, enrollments.api, rehearsals.api)
