"""Every area of the API, by the rooms that the pages have."""

from web.api import administration, campaigns, deliveries, desk, mails, people, tasks
from web.api.protocol.operations import Area

ROOMS = (desk, tasks, mails, campaigns, deliveries, people, administration)
AREAS: tuple[Area, ...] = tuple(area for room in ROOMS for area in room.AREAS)
