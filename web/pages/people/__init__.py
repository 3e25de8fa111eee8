"""People and groups."""

from web.pages.people import (
    groups,
    notes,
    people,
    people_import,
    person,
)

PAGES = (
    groups.pages,
    notes.pages,
    people.pages,
    people_import.pages,
    person.pages,
)
