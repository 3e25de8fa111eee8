"""The desk: who asks, what happens, what one is told, what came of the work, what a week holds."""

from web.api.desk import feed, figures, myself, notices, saved_views, why

AREAS = (myself.api, feed.api, notices.api, saved_views.api, figures.api, why.api)
