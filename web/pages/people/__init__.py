"""People and groups."""

from web.pages.people import (
    crm_people,
    duplicates,
    groups,
    notes,
    people,
    people_import,
    person,
)

PAGES = (
    crm_people.pages,
    duplicates.pages,
    groups.pages,
    notes.pages,
    people.pages,
    people_import.pages,
    person.pages,
)
