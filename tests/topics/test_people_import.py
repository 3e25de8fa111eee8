"""Importing people: upload, correct, dry run, import, error file, undo; on both databases."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales_campaigns.accounts.models import User
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.people.editing import change_person, delete_people
from sales_campaigns.people.error_file import error_file, guarded
from sales_campaigns.people.groups import create_group, groups_of
from sales_campaigns.people.importing import (
    check_import,
    continue_import,
    due_imports,
    start_import,
    stop_import,
)
from sales_campaigns.people.imports import bad_reasons, bad_rows, import_of, preview, recent_imports
from sales_campaigns.people.models import Address, ImportState, PeopleImport, Person
from sales_campaigns.people.undoing import undo_import
from sales_campaigns.people.uploading import correct, upload
from sales_campaigns.tasks.models import Task, TaskKind
from sales_campaigns.unit_of_work import UnitOfWork
from tests.cast import Cast, a_person
from tests.conftest import Work

DATA = Path(__file__).parent.parent / "data" / "people"
HEAD = "Email,First Name,Last Name,Company,Title,Time Zone,Phone\r\n"


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


def _upload(work: Work, uploads: Path, actor: User, content: str | bytes, **more: int) -> int:
    raw = content.encode() if isinstance(content, str) else content
    with work() as uow:
        return upload(uow, actor, uploads, "people.csv", io.BytesIO(raw), **more).id


def _run(work: Work, uploads: Path, import_id: int, chunk: int = 20) -> PeopleImport:
    more = True
    while more:
        with work() as uow:
            more = continue_import(uow, uploads, import_id, chunk=chunk)
    with work() as uow:
        found = uow.session.get(PeopleImport, import_id)
        assert found is not None
        return found


def _check(work: Work, uploads: Path, actor: User, import_id: int, chunk: int = 20) -> PeopleImport:
    with work() as uow:
        check_import(uow, actor, import_id)
    return _run(work, uploads, import_id, chunk)


def _import(work: Work, uploads: Path, actor: User, content: str | bytes, **more: int) -> PeopleImport:
    import_id = _upload(work, uploads, actor, content, **more)
    assert _check(work, uploads, actor, import_id).state == ImportState.CHECKED
    with work() as uow:
        start_import(uow, actor, import_id)
    return _run(work, uploads, import_id)


def _people(uow: UnitOfWork, team_id: int) -> dict[str, Person]:
    found = uow.session.scalars(sa.select(Person).where(Person.team_id == team_id).order_by(Person.id))
    return {person.email or person.phone: person for person in found}


def _counts(found: PeopleImport) -> tuple[int, int, int]:
    return found.new, found.merged, found.bad


def test_it_imports_the_clean_file(work: Work, cast: Cast, uploads: Path) -> None:
    found = _import(work, uploads, cast.ana, (DATA / "clean-500.csv").read_bytes())
    assert (found.state, found.rows, _counts(found)) == (ImportState.IMPORTED, 501, (500, 0, 0))
    with work() as uow:
        people = _people(uow, cast.ana.team_id)
        assert len(people) == 500
        smith = people["person0003@example.com"]
        assert (smith.name, smith.zone, smith.owner_id) == ("Björn Smith, Jr.", "Europe/London", cast.ana.id)
        assert people["person0006@example.org"].company == 'Trattoria "Da Gino"'


@pytest.mark.parametrize("name", ["awkward-cp1252-semicolon.csv", "awkward-utf16-tab.txt"])
def test_it_makes_the_sensible_thing_of_each_awkward_row(
    work: Work, cast: Cast, uploads: Path, name: str
) -> None:
    found = _import(work, uploads, cast.ana, (DATA / name).read_bytes())
    assert _counts(found) == (43, 1, 6)
    assert found.columns["repeated"] == [[42, 3]]
    with work() as uow:
        rows = {bad.row: bad.reason for bad in bad_rows(uow.session, found.id)}
        assert list(rows) == [43, 44, 45, 46, 47, 51]
        assert "not an e-mail address" in rows[43]
        assert "no e-mail address, phone number" in rows[44]
        assert "two periods" in rows[45]
        assert "line break" in rows[46]
        assert "Mars/Olympus" in rows[47]
        assert rows[51] == "First name is longer than 200 characters."
        people = _people(uow, cast.ana.team_id)
        assert people["formula@example.com"].first_name == "=HYPERLINK(1)"
        assert people["person0001@example.com"].first_name == "Dup"
        assert people["person0001@example.com"].zone == "Europe/Stockholm"
        known = {row.email: row.needs_utf8 for row in uow.session.scalars(sa.select(Address))}
        assert known["jörg@example.com"] and not known["idn@xn--bcher-kva.example"]
        assert people["idn@bücher.example"].first_name == "IDN"


def test_it_refuses_the_file_with_an_open_quotation_mark_before_anything_is_imported(
    work: Work, cast: Cast, uploads: Path
) -> None:
    import_id = _upload(work, uploads, cast.ana, (DATA / "unclosed-quote.csv").read_bytes())
    found = _check(work, uploads, cast.ana, import_id, chunk=5)
    assert found.state == ImportState.REFUSED
    assert "row 12" in found.refusal
    with work() as uow:
        assert _people(uow, cast.ana.team_id) == {}
        with pytest.raises(IllegalMove, match="refused"):
            start_import(uow, cast.ana, import_id)


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_it_tells_in_the_dry_run_what_the_import_will_do(
    work: Work, cast: Cast, uploads: Path, chunk: int
) -> None:
    text = (
        HEAD + "known@example.com,New,,,,,\r\na@example.com,,,,,,\r\nA@example.com,,,,,,\r\nwrong,,,,,,\r\n"
        ",,,,,,+1 555\r\n,,,,,,+1 555\r\n"
    )
    with work() as uow:
        a_person(uow, cast.ana, "known@example.com")
    import_id = _upload(work, uploads, cast.ana, text)
    dry = _check(work, uploads, cast.ana, import_id, chunk)
    assert (dry.state, _counts(dry)) == (ImportState.CHECKED, (2, 3, 1))
    assert dry.columns["repeated"] == [[4, 3], [7, 6]]
    with work() as uow:
        assert len(_people(uow, cast.ana.team_id)) == 1
        assert bad_reasons(uow.session, import_id)[0][1] == 1
        start_import(uow, cast.ana, import_id)
    assert _counts(_run(work, uploads, import_id, chunk)) == (2, 3, 1)


def test_it_merges_what_is_given_never_blanks_and_leaves_the_owner(
    work: Work, cast: Cast, uploads: Path
) -> None:
    with work() as uow:
        a_person(uow, cast.ben, "maria@example.com", title="CFO", custom={"tier": "Gold", "a": "1"})
    text = "Email,First Name,Company,Title,Tier,Note\r\nMARIA@example.com,Mary,,COO,Silver,hello\r\n"
    assert _counts(_import(work, uploads, cast.ana, text)) == (0, 1, 0)
    with work() as uow:
        (maria,) = _people(uow, cast.ana.team_id).values()
        assert (maria.first_name, maria.company, maria.title) == ("Mary", "Fjord Energy", "COO")
        assert maria.owner_id == cast.ben.id
        assert maria.custom == {"tier": "Silver", "a": "1", "note": "hello"}


def test_it_changes_nothing_when_the_same_file_comes_again(work: Work, cast: Cast, uploads: Path) -> None:
    text = HEAD + "a@example.com,A,,,,,\r\n,Ana,Lind,,,,+46 8 1\r\n"
    _import(work, uploads, cast.ana, text)
    again = _import(work, uploads, cast.ben, text)
    assert _counts(again) == (0, 2, 0)
    with work() as uow:
        people = _people(uow, cast.ana.team_id)
        assert {person.owner_id for person in people.values()} == {cast.ana.id}
        assert {person.import_id for person in people.values()} != {again.id}


def test_it_never_shows_or_changes_a_person_of_another_team(work: Work, cast: Cast, uploads: Path) -> None:
    with work() as uow:
        theirs = a_person(uow, cast.dirk, "maria@example.com").id
    found = _import(work, uploads, cast.ana, HEAD + "maria@example.com,Mary,,,,,\r\n")
    assert _counts(found) == (1, 0, 0)
    with work() as uow:
        untouched = uow.session.get(Person, theirs)
        assert untouched is not None and untouched.first_name == "Maria"
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(Address)) == 1
        for read in (import_of, undo_import):
            with pytest.raises(NotFound):
                read(uow.session if read is import_of else uow, cast.dirk, found.id)  # type: ignore[arg-type]
        assert recent_imports(uow.session, cast.dirk) == []
        assert import_of(uow.session, cast.cleo, found.id).id == found.id


def test_it_brings_somebody_back_who_was_deleted_but_not_an_opt_out(
    work: Work, cast: Cast, uploads: Path
) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana, "maria@example.com")
        assert maria.address is not None
        maria.address.opted_out_at = uow.now
        delete_people(uow, cast.ana, [maria.id])
    _import(work, uploads, cast.ana, HEAD + "maria@example.com,,,,,,\r\n")
    with work() as uow:
        back = _people(uow, cast.ana.team_id)["maria@example.com"]
        assert back.deleted_at is None
        assert uow.session.scalar(sa.select(Address.opted_out_at)) is not None


def test_it_puts_new_and_merged_people_into_the_group(work: Work, cast: Cast, uploads: Path) -> None:
    with work() as uow:
        a_person(uow, cast.ana, "maria@example.com")
        group = create_group(uow, cast.ana, "Fair 2026").id
    _import(
        work, uploads, cast.ana, HEAD + "maria@example.com,,,,,,\r\nb@example.com,,,,,,\r\n", group_id=group
    )
    with work() as uow:
        assert [(line.group.name, line.people) for line in groups_of(uow.session, cast.ana)] == [
            ("Fair 2026", 2)
        ]


def test_it_refuses_a_group_that_is_not_the_actors(work: Work, cast: Cast, uploads: Path) -> None:
    with work() as uow:
        group = create_group(uow, cast.ben, "Ben's own").id
    with pytest.raises(NotFound):
        _upload(work, uploads, cast.ana, HEAD, group_id=group)


def test_it_goes_on_where_a_crash_left_it_and_doubles_nothing(work: Work, cast: Cast, uploads: Path) -> None:
    text = HEAD + "".join(f"p{number}@example.com,P,,,,,\r\n" for number in range(30))
    import_id = _upload(work, uploads, cast.ana, text)
    with work() as uow:
        check_import(uow, cast.ana, import_id)
    _crash_once(work, uploads, import_id)
    assert _counts(_run(work, uploads, import_id, 10)) == (30, 0, 0)
    with work() as uow:
        start_import(uow, cast.ana, import_id)
    _crash_once(work, uploads, import_id)
    with work() as uow:
        assert due_imports(uow.session) == [import_id]
    assert _counts(_run(work, uploads, import_id, 10)) == (30, 0, 0)
    with work() as uow:
        assert len(_people(uow, cast.ana.team_id)) == 30
        assert due_imports(uow.session) == []
        assert not continue_import(uow, uploads, import_id)


def _crash_once(work: Work, uploads: Path, import_id: int) -> None:
    """One chunk stands, the next is lost with its transaction."""
    with work() as uow:
        assert continue_import(uow, uploads, import_id, chunk=10)
    with pytest.raises(KeyboardInterrupt), work() as uow:
        continue_import(uow, uploads, import_id, chunk=10)
        raise KeyboardInterrupt


def test_it_stops_where_it_stands_and_says_so(work: Work, cast: Cast, uploads: Path) -> None:
    text = HEAD + "".join(f"p{number}@example.com,P,,,,,\r\n" for number in range(30))
    import_id = _upload(work, uploads, cast.ana, text)
    _check(work, uploads, cast.ana, import_id)
    with work() as uow:
        start_import(uow, cast.ana, import_id)
        continue_import(uow, uploads, import_id, chunk=10)
        found = stop_import(uow, cast.ben, import_id)
        assert (found.state, found.refusal) == (ImportState.IMPORTED, "Stopped after row 11 of 31.")
        assert not continue_import(uow, uploads, import_id)
        assert undo_import(uow, cast.ana, import_id).removed == 10


def test_it_stops_a_check_and_lets_the_guesses_be_corrected(work: Work, cast: Cast, uploads: Path) -> None:
    import_id = _upload(work, uploads, cast.ana, HEAD + "wrong,,,,,,\r\nworse,,,,,,\r\n")
    with work() as uow:
        check_import(uow, cast.ana, import_id)
        continue_import(uow, uploads, import_id, chunk=1)
        assert stop_import(uow, cast.ana, import_id).state == ImportState.UPLOADED
        correct(uow, cast.ana, uploads, import_id, encoding="utf-8", delimiter=",")
        assert list(bad_rows(uow.session, import_id)) == []


def test_it_reads_the_file_anew_with_what_was_corrected(work: Work, cast: Cast, uploads: Path) -> None:
    text = "Mail|Nom\r\na@example.com|Chlo\xe9\r\n".encode("cp1252")
    import_id = _upload(work, uploads, cast.ana, text)
    with work() as uow:
        found = import_of(uow.session, cast.ana, import_id)
        assert preview(found, uploads).rows == ((2, ("a@example.com", "Chloé")),)
        correct(
            uow,
            cast.ana,
            uploads,
            import_id,
            encoding="cp1251",
            delimiter="|",
            meanings=["email", "last_name"],
        )
        assert preview(found, uploads).rows == ((2, ("a@example.com", "Chloй")),)
        with pytest.raises(Invalid, match="encoding: Near row 1"):
            correct(uow, cast.ana, uploads, import_id, encoding="utf-8", delimiter="|", headings=True)
        correct(uow, cast.ana, uploads, import_id, encoding="cp1252", delimiter="|", headings=False)
        assert found.columns["header"] == ["Column 1", "Column 2"]
        assert preview(found, uploads).rows[0] == (1, ("Mail", "Nom"))


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"encoding": "base64", "delimiter": ","}, "encoding"),
        ({"encoding": "utf-8", "delimiter": "x"}, "delimiter"),
        ({"encoding": "utf-8", "delimiter": ",", "meanings": ["email"]}, "columns"),
        ({"encoding": "utf-8", "delimiter": ",", "meanings": ["email", "email"]}, "columns"),
        ({"encoding": "utf-8", "delimiter": ",", "meanings": ["email", "owner_id"]}, "columns"),
    ],
)
def test_it_refuses_choices_that_were_not_offered(
    work: Work, cast: Cast, uploads: Path, choices: dict[str, str], field: str
) -> None:
    import_id = _upload(work, uploads, cast.ana, "Email,Name\r\na@example.com,A\r\n")
    with work() as uow, pytest.raises(Invalid) as refused:
        correct(uow, cast.ana, uploads, import_id, **choices)  # type: ignore[arg-type]
    assert list(refused.value.problems) == [field]


def test_it_wants_a_column_that_says_how_to_reach_people(work: Work, cast: Cast, uploads: Path) -> None:
    import_id = _upload(work, uploads, cast.ana, "First name,Company\r\nAna,X\r\n")
    with work() as uow, pytest.raises(Invalid, match="E-mail address, Phone number, LinkedIn URL"):
        check_import(uow, cast.ana, import_id)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"\r\n\r\n", "empty"), (b"PK\x03\x04 not a workbook", "cannot be read")],
)
def test_it_refuses_a_file_that_holds_nothing(
    work: Work, cast: Cast, uploads: Path, content: bytes, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        _upload(work, uploads, cast.ana, content)
    assert list(uploads.iterdir()) == []


def test_a_file_with_headings_only_brings_nobody(work: Work, cast: Cast, uploads: Path) -> None:
    found = _import(work, uploads, cast.ana, HEAD)
    assert (found.state, _counts(found)) == (ImportState.IMPORTED, (0, 0, 0))


def test_it_deletes_the_uploaded_file_when_the_people_are_in(work: Work, cast: Cast, uploads: Path) -> None:
    _import(work, uploads, cast.ana, HEAD + "a@example.com,,,,,,\r\n")
    assert list(uploads.iterdir()) == []


def test_it_says_when_the_uploaded_file_is_gone(work: Work, cast: Cast, uploads: Path) -> None:
    import_id = _upload(work, uploads, cast.ana, HEAD + "a@example.com,,,,,,\r\n")
    for path in uploads.iterdir():
        path.unlink()
    found = _check(work, uploads, cast.ana, import_id)
    assert (found.state, "Upload it again" in found.refusal) == (ImportState.REFUSED, True)


def test_it_gives_the_bad_rows_back_as_a_file_that_can_be_mended_and_uploaded(
    work: Work, cast: Cast, uploads: Path
) -> None:
    text = "Email,First Name,Note\r\nwrong,=1+1,=HYPERLINK(1)\r\nb@example.com,B,\r\n"
    found = _import(work, uploads, cast.ana, text)
    with work() as uow:
        given = "".join(error_file(uow.session, found))
    assert given.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(given.lstrip("\ufeff"))))
    assert rows[0] == ["Email", "First Name", "Note", "Row", "Reason"]
    assert rows[1][:4] == ["wrong", "'=1+1", "'=HYPERLINK(1)", "2"]
    again = _import(work, uploads, cast.ana, given.replace("wrong", "right@example.com"))
    assert _counts(again) == (1, 0, 0)
    with work() as uow:
        assert _people(uow, cast.ana.team_id)["right@example.com"].first_name == "=1+1"


@given(st.text(max_size=20))
def test_it_writes_no_cell_that_a_spreadsheet_would_compute(cell: str) -> None:
    out = guarded(cell)
    assert out.removeprefix("'") == cell.removeprefix("'")
    if out[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        assert not any(letter.isalpha() or letter in "=!|'\"" for letter in out)


def test_it_undoes_an_import_but_keeps_who_was_touched_since(work: Work, cast: Cast, uploads: Path) -> None:
    with work() as uow:
        a_person(uow, cast.ana, "old@example.com")
    rows = ["old", "new", "changed", "busy"]
    found = _import(
        work, uploads, cast.ana, HEAD + "".join(f"{name}@example.com,X,,,,,\r\n" for name in rows)
    )
    with work() as uow:
        uow.now = uow.now.replace(hour=12)
        people = _people(uow, cast.ana.team_id)
        change_person(uow, cast.ben, people["changed@example.com"].id, {"title": "CEO"})
        a_task(uow, cast.ana, people["busy@example.com"])
    with work() as uow:
        undone = undo_import(uow, cast.ana, found.id)
        assert (undone.removed, undone.in_use, undone.changed) == (1, 1, 1)
        assert "1 stayed: they were changed after the import." in undone.words
    with work() as uow:
        assert set(_people(uow, cast.ana.team_id)) == {
            f"{name}@example.com" for name in rows if name != "new"
        }
        with pytest.raises(IllegalMove, match="undone"):
            undo_import(uow, cast.ana, found.id)


def a_task(uow: UnitOfWork, owner: User, person: Person) -> None:
    uow.session.add(
        Task(
            team_id=owner.team_id,
            assignee_id=owner.id,
            person_id=person.id,
            kind=TaskKind.CALL,
            name="Call",
            due_at=uow.now,
            created_at=uow.now,
        )
    )
    uow.session.flush()


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a@example.com", "A@Example.com", "b@example.com", "", "wrong", "ü@example.com"]),
        st.sampled_from(["", "Ana", "Élise", "L" * 201]),
        st.sampled_from(["", "+1 555", "'@x"]),
    ),
    max_size=12,
)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, chunk=st.integers(1, 5))
def test_it_accounts_for_every_row_whatever_the_chunks(
    work: Work, cast: Cast, uploads: Path, rows: list[tuple[str, str, str]], chunk: int
) -> None:
    with work() as uow:
        uow.session.execute(sa.delete(Person))
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("Email", "First name", "Phone"), *rows])
    import_id = _upload(work, uploads, cast.ana, text.getvalue())
    dry = _counts(_check(work, uploads, cast.ana, import_id, chunk))
    with work() as uow:
        start_import(uow, cast.ana, import_id)
    found = _run(work, uploads, import_id, chunk)
    assert _counts(found) == dry
    assert sum(dry) == sum(1 for row in rows if any(row))
    with work() as uow:
        assert len(_people(uow, cast.ana.team_id)) <= found.new
        assert Counter(person.team_id for person in uow.session.scalars(sa.select(Person)))[
            cast.ana.team_id
        ] == (found.new)
