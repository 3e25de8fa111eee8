"""People, their groups, and how they come in."""

from web.api.people import groups, imports, many_people, people

AREAS = (people.api, many_people.api, groups.api, imports.api)
