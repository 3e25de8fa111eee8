"""The day: Today, feed, calendar, team, analytics."""

from web.pages.desk import (
    analytics,
    calendar,
    compare,
    feed,
    saved_views,
    team,
    today,
)

PAGES = (
    analytics.pages,
    calendar.pages,
    compare.pages,
    feed.pages,
    saved_views.pages,
    team.pages,
    today.pages,
)
