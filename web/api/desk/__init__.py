"""The desk: who asks, what happens, what came of the work, what a week holds."""

from web.api.desk import feed, figures, myself, why

AREAS = (myself.api, feed.api, figures.api, why.api)
