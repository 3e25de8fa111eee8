"""People and groups."""

from web.pages.people import (
    duplicates,
    groups,
    notes,
    people,
    people_import,
    person,
)

PAGES = (
    duplicates.pages,
    groups.pages,
    notes.pages,
    people.pages,
    people_import.pages,
    person.pages,
)
