"""People: finding them, their groups, duplicates, how they come in, and whether they may be written to."""

from web.api.people import crm, duplicates, groups, imports, many_people, people, searches, standing

AREAS = (
    people.api,
    searches.api,
    many_people.api,
    standing.api,
    duplicates.api,
    groups.api,
    imports.api,
    crm.api,
)
