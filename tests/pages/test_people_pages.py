"""The pages of people: the list, one person, groups, the import from upload to undo."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.people.groups import add_to_group, create_group
from sales_campaigns.people.importing import continue_import, due_imports
from sales_campaigns.people.models import BlockedDomain, Group, Person
from sales_campaigns.settings import Settings
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser

DATA = Path(__file__).parent.parent / "data" / "people"
Browse = Callable[[User], Browser]
Queries = Callable[[], AbstractContextManager[list[str]]]


def _people(work: Work, cast: Cast, number: int) -> list[int]:
    with work() as uow:
        return [
            a_person(uow, cast.ana, f"p{n}@example.com", last_name=f"Nr {n:03}").id for n in range(number)
        ]


def _untokened(shown: str) -> str:
    """The page without its CSRF tokens, which tell the second they were made in."""
    return re.sub(r'(name="csrf_token" value=)"[^"]*"', r"\1", shown).strip()


def test_the_list_shows_the_team_and_nobody_elses_people(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.ben, "maria@example.com", title="CFO")
        a_person(uow, cast.dirk, "secret@example.com", first_name="Secret")
    shown = browse(cast.ana).get("/people").text
    assert "Maria Santos" in shown and "CFO" in shown and "Ben Okafor" in shown
    assert "Secret" not in shown
    assert re.search(r"<time[^>]*Europe/Stockholm[^>]*>Mon 30 Nov 09:00</time>", shown)


def test_an_empty_list_offers_the_import(browse: Browse, cast: Cast) -> None:
    shown = browse(cast.ana).get("/people").text
    assert "No people yet" in shown and 'href="/people/import"' in shown


def test_the_list_searches_and_the_part_is_in_the_whole(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.ana, "a@example.com", first_name="Åsa", company="100%_sure")
        a_person(uow, cast.ben, "b@example.com", first_name="Bo", company="Other")
    ana = browse(cast.ana)
    for query, there in (("words=100%25_s", "Åsa"), (f"owner={cast.ben.id}", "Bo Santos")):
        whole, part = ana.get(f"/people?{query}").text, ana.get(f"/people?{query}", htmx=True).text
        assert _untokened(part) in _untokened(whole) and "<html" not in part
        assert there in part and ("Åsa" in part) != ("Bo Santos" in part)
    assert "Nobody found" in ana.get("/people?words=nobody").text


def test_the_list_pages_by_key_and_misses_nobody(browse: Browse, work: Work, cast: Cast) -> None:
    _people(work, cast, 120)
    ana, seen, url = browse(cast.ana), [], "/people"
    while url:
        shown = ana.get(url).text
        seen += re.findall(r"Maria (Nr \d+)", re.sub(r'aria-label="[^"]*"', "", shown))
        following = re.search(r'href="(/people\?after=[^"]+)"', shown)
        url = following.group(1) if following else ""
    assert seen == [f"Nr {n:03}" for n in range(120)]


def test_the_number_of_queries_does_not_grow_with_the_list(
    browse: Browse, work: Work, cast: Cast, queries: Queries
) -> None:
    ana = browse(cast.ana)
    _people(work, cast, 1)
    with queries() as few:
        ana.get("/people")
    with work() as uow:
        for number in range(40):
            a_person(uow, cast.ana, f"more{number}@example.com")
    with queries() as many:
        ana.get("/people")
    assert len(many) == len(few)


def test_a_person_who_must_not_be_mailed_is_marked_with_the_reason(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        uow.session.add(BlockedDomain(domain="example.com"))
        person_id = a_person(uow, cast.ana, "maria@mail.example.com").id
    ana = browse(cast.ana)
    assert "Mail to this domain is blocked" in ana.get("/people").text
    assert "Do not mail." in ana.get(f"/people/{person_id}").text


def test_deleting_can_be_undone(browse: Browse, work: Work, cast: Cast) -> None:
    first, second = _people(work, cast, 2)
    ana = browse(cast.ana)
    answer = ana.post("/people/bulk", {"do": "delete", "person": [str(first), str(second)]})
    assert answer.status_code == 303
    shown = ana.get("/people").text
    assert "2 people deleted." in shown and "No people yet" in shown
    undo = re.search(r'action="(/people/restore[^"]+)"', shown)
    assert undo is not None
    ana.post(undo.group(1).replace("&amp;", "&"))
    assert "Nr 000" in ana.get("/people").text


def test_nobody_deletes_or_restores_people_of_another_team(browse: Browse, work: Work, cast: Cast) -> None:
    (person_id,) = _people(work, cast, 1)
    dirk = browse(cast.dirk)
    dirk.post("/people/bulk", {"do": "delete", "person": str(person_id)})
    with work() as uow:
        assert uow.session.get_one(Person, person_id).deleted_at is None
        uow.session.get_one(Person, person_id).deleted_at = uow.now
    dirk.post(f"/people/restore?ids={person_id}")
    with work() as uow:
        assert uow.session.get_one(Person, person_id).deleted_at is not None


def test_the_bulk_bar_wants_somebody_chosen(browse: Browse, cast: Cast) -> None:
    answer = browse(cast.ana).post("/people/bulk", {"do": "delete"})
    assert (answer.status_code, "Choose at least one person" in answer.text) == (422, True)


def test_people_join_and_leave_a_group_from_the_list(browse: Browse, work: Work, cast: Cast) -> None:
    first, second = _people(work, cast, 2)
    with work() as uow:
        group = create_group(uow, cast.ana, "Fair").id
        hidden = create_group(uow, cast.ben, "Ben's own").id
    ana = browse(cast.ana)
    ana.post("/people/bulk", {"do": "join", "group": str(group), "person": [str(first)]})
    assert "Nr 000" in ana.get(f"/people?group={group}").text
    assert "Nr 001" not in ana.get(f"/people?group={group}").text
    refused = ana.post("/people/bulk", {"do": "join", "group": str(hidden), "person": [str(second)]})
    assert refused.status_code == 404
    ana.post("/people/bulk", {"do": "leave", "from_group": str(group), "person": [str(first)]})
    assert "Nobody found" in ana.get(f"/people?group={group}").text


@pytest.mark.parametrize("tab", ["", "/about", "/history", "/tasks", "/campaigns"])
def test_a_person_has_a_page_that_another_team_does_not_see(
    browse: Browse, work: Work, cast: Cast, tab: str
) -> None:
    with work() as uow:
        person_id = a_person(uow, cast.ana, "maria@example.com", custom={"tier": "Gold"}).id
    assert "Maria Santos" in browse(cast.ben).get(f"/people/{person_id}{tab}").text
    assert browse(cast.cleo).get(f"/people/{person_id}{tab}").status_code == 200
    assert browse(cast.dirk).get(f"/people/{person_id}{tab}").status_code == 404
    assert browse(cast.dirk).get(f"/people/{person_id}/edit").status_code == 404
    assert browse(cast.dirk).post(f"/people/{person_id}/edit", {"email": "x@example.com"}).status_code == 404
    assert browse(cast.ana).get(f"/people/{person_id}/nothing").status_code == 404


def test_a_person_is_added_and_a_second_one_with_the_address_is_refused(browse: Browse, cast: Cast) -> None:
    ana = browse(cast.ana)
    typed = {"email": "Zoë@example.com", "first_name": "Zoë", "zone": "europe/oslo", "custom_name": "Fav tea"}
    added = ana.post("/people/new", {**typed, "custom_value": "mint"})
    assert added.status_code == 303
    shown = ana.get(added.headers["Location"]).text
    assert "Europe/Oslo" in shown and "fav_tea" in shown and "needs SMTPUTF8" in shown
    again = ana.post("/people/new", {"email": "zoë@EXAMPLE.com", "first_name": "Typed"})
    assert again.status_code == 422
    assert "of your team has this address already" in again.text and 'value="Typed"' in again.text
    assert browse(cast.dirk).post("/people/new", {"email": "zoë@example.com"}).status_code == 303


def test_a_wrong_change_keeps_what_was_typed_and_changes_nothing(
    browse: Browse, work: Work, cast: Cast
) -> None:
    (person_id,) = _people(work, cast, 1)
    typed = {"email": "wrong", "title": "New title", "zone": "Mars/Olympus", "linkedin_url": "javascript:1"}
    refused = browse(cast.ana).post(f"/people/{person_id}/edit", typed)
    assert refused.status_code == 422
    for words in (
        "wrong",
        "New title",
        "Mars/Olympus",
        "not an e-mail address",
        "is not a time zone",
        "linkedin.com",
    ):
        assert words in refused.text
    with work() as uow:
        assert uow.session.get_one(Person, person_id).title == ""


def test_groups_are_made_changed_and_deleted_by_their_owner(browse: Browse, work: Work, cast: Cast) -> None:
    ana, ben = browse(cast.ana), browse(cast.ben)
    ana.post("/groups", {"name": "Fair", "shared": "1"})
    again = ana.post("/groups", {"name": " Fair "})
    assert again.status_code == 422 and "There is a group called “Fair” already." in again.text
    with work() as uow:
        group_id = uow.session.scalars(sa.select(Group.id)).one()
        person = a_person(uow, cast.ana)
    assert f'<option value="{group_id}">Fair</option>' in ana.get(f"/people/{person.id}").text
    with work() as uow:
        add_to_group(uow, cast.ana, group_id, [person.id])
    assert "Add to group" not in ana.get(f"/people/{person.id}").text, "already in every one"
    assert "Fair" in ben.get("/groups").text
    assert ben.post(f"/groups/{group_id}", {"name": "Mine"}).status_code == 403
    assert browse(cast.dirk).get(f"/groups/{group_id}").status_code == 404
    assert ana.post(f"/groups/{group_id}", {"name": ""}).status_code == 422
    ana.post(f"/groups/{group_id}", {"name": "Fair 2027"})
    assert "Fair 2027" not in ben.get("/groups").text
    assert ana.post(f"/groups/{group_id}/delete").status_code == 303
    assert "Maria Santos" in ana.get("/people").text


# The import


def _take_in(ana: Browser, content: bytes, name: str = "people.csv") -> str:
    answer = ana.post(
        "/people/import", {"file": (io.BytesIO(content), name)}, content_type="multipart/form-data"
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def _work_off(work: Work, settings: Settings) -> None:
    with work() as uow:
        due = due_imports(uow.session)
    for import_id in due:
        more = True
        while more:
            with work() as uow:
                more = continue_import(uow, settings.data_dir / "uploads", import_id)


def _guessed(shown: str) -> dict[str, object]:
    """The form of guesses as a browser would send it."""
    fields = dict(re.findall(r'name="(\w+_before)" value="([^"]*)"', shown))
    selects = re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', shown, re.DOTALL)
    chosen = [(name, re.search(r'value="([^"]*)" selected', options)) for name, options in selects]
    typed = {name: found.group(1) for name, found in chosen if found and name != "meaning"}
    meanings = [found.group(1) if found else "" for name, found in chosen if name == "meaning"]
    return {**fields, **typed, "meaning": meanings, "headings": "1"}


@pytest.mark.parametrize("name", ["awkward-cp1252-semicolon.csv", "awkward-utf16-tab.txt"])
def test_an_import_goes_from_upload_to_undo(
    browse: Browse, work: Work, cast: Cast, settings: Settings, name: str
) -> None:
    ana = browse(cast.ana)
    url = _take_in(ana, (DATA / name).read_bytes(), name)
    shown = ana.get(url).text
    assert "Time Zone" in shown and "Björn" in shown
    assert ana.post(f"{url}/correct", {**_guessed(shown), "do": "check"}).status_code == 303
    running = ana.get(url, htmx=True).text
    assert 'hx-trigger="every 1s"' in running and "Checking the file" in running
    _work_off(work, settings)
    dry = ana.get(url).text
    assert "Import 44 rows" in dry and "Mars/Olympus" in dry and "row <span" in dry
    assert _untokened(ana.get(url, htmx=True).text) in _untokened(dry)
    ana.post(f"{url}/start")
    assert "Importing" in ana.get(url).text
    _work_off(work, settings)
    done = ana.get(url).text
    assert "44 rows are in, 6 were left out." in done and "Undo: remove 43 new people" in done
    made = re.search(r'href="(/people\?import=\d+)"', done)
    assert made is not None and "43 people found" in ana.get(made.group(1)).text
    file = ana.get(f"{url}/errors.csv")
    assert file.mimetype == "text/csv" and "not-an-address,Bad,Row" in file.text
    assert "left-out.csv" in file.headers["Content-Disposition"]
    ana.post(f"{url}/undo")
    assert "43 people were deleted." in ana.get(url).text
    assert "No people yet" in ana.get("/people").text


def test_an_import_shows_the_row_of_an_open_quotation_mark(
    browse: Browse, work: Work, cast: Cast, settings: Settings
) -> None:
    ana = browse(cast.ana)
    url = _take_in(ana, (DATA / "unclosed-quote.csv").read_bytes())
    ana.post(f"{url}/correct", {**_guessed(ana.get(url).text), "do": "check"})
    _work_off(work, settings)
    assert "opens in row 12" in ana.get(url).text


def test_a_wrong_guess_is_corrected_and_the_columns_guessed_anew(browse: Browse, cast: Cast) -> None:
    ana = browse(cast.ana)
    url = _take_in(ana, b"E-mail|Vorname|Note\r\na@example.com|J\xf6rg|x\r\n")
    typed = _guessed(ana.get(url).text)
    assert typed["delimiter"] == "|" and typed["meaning"] == ["email", "first_name", "custom:note"]
    ana.post(f"{url}/correct", {**typed, "meaning": ["email", "last_name", ""], "do": "look"})
    assert _guessed(ana.get(url).text)["meaning"] == ["email", "last_name", ""]
    ana.post(f"{url}/correct", {**typed, "encoding": "cp1251", "do": "look"})
    assert "Jцrg" in ana.get(url).text
    doubled = ana.post(
        f"{url}/correct", {**_guessed(ana.get(url).text), "meaning": ["email", "email", "title"]}
    )
    assert doubled.status_code == 422 and "cannot mean the same" in doubled.text
    assert _guessed(doubled.text)["meaning"] == ["email", "email", "title"]


def test_rows_can_be_pasted_instead_of_a_file(browse: Browse, cast: Cast) -> None:
    ana = browse(cast.ana)
    answer = ana.post("/people/import", {"pasted": "Email\tVorname\r\na@example.com\tJörg\r\n"})
    shown = ana.get(answer.headers["Location"]).text
    assert _guessed(shown)["meaning"] == ["email", "first_name"] and "Jörg" in shown
    refused = ana.post("/people/import", {"pasted": '"a@example.com'})
    assert refused.status_code == 422 and "row 1" in refused.text and "&#34;a@example.com" in refused.text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "Choose a file, or paste rows, first."),
        (b"", "The file is empty."),
        (b"PK\x03\x04", "This workbook cannot be read."),
    ],
)
def test_an_upload_says_what_is_wrong_with_the_file(
    browse: Browse, cast: Cast, content: bytes | None, words: str
) -> None:
    typed = {} if content is None else {"file": (io.BytesIO(content), "people.csv")}
    refused = browse(cast.ana).post("/people/import", typed, content_type="multipart/form-data")
    assert refused.status_code == 422 and words in refused.text


def test_nobody_sees_or_steers_an_import_of_another_team(browse: Browse, cast: Cast) -> None:
    url = _take_in(browse(cast.ana), b"Email\r\na@example.com\r\n", "secret-list.csv")
    dirk = browse(cast.dirk)
    assert dirk.get(url).status_code == dirk.get(f"{url}/errors.csv").status_code == 404
    for act in ("correct", "start", "stop", "undo"):
        assert dirk.post(f"{url}/{act}").status_code == 404
    assert "secret-list" not in dirk.get("/people/import").text
    assert "secret-list" in browse(cast.ben).get("/people/import").text


def test_an_import_cannot_start_before_it_was_checked_and_can_be_stopped(
    browse: Browse, work: Work, cast: Cast, settings: Settings
) -> None:
    ana = browse(cast.ana)
    url = _take_in(ana, b"Email\r\na@example.com\r\n")
    assert ana.post(f"{url}/start").status_code == 409
    ana.post(f"{url}/correct", {**_guessed(ana.get(url).text), "do": "check"})
    ana.post(f"{url}/stop")
    assert "Check the file" in ana.get(url).text


def test_a_search_is_saved_as_a_group_that_keeps_itself_up_to_date(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        a_person(uow, cast.ana, "one@example.com", last_name="Ek")
    ana = browse(cast.ana)
    assert "Save this search" in ana.get("/people?words=Ek").text
    assert "Save this search" not in ana.get("/people").text
    saved = ana.post("/people/save-search?words=Ek", {"name": "The Eks"})
    with work() as uow:
        a_person(uow, cast.ana, "two@example.com", last_name="Ek")
    shown = ana.get(saved.headers["Location"]).text
    assert "one@example.com" in shown and "two@example.com" in shown and "A saved search" in shown
    assert "Remove from this group" not in shown
    assert "The Eks" in ana.get("/groups").text and "saved search" in ana.get("/groups").text
    assert "The Eks" not in browse(cast.ben).get("/groups").text
    refused = ana.post("/people/save-search?words=Ek", {"name": "The Eks"})
    assert refused.status_code == 422 and "already" in refused.text
