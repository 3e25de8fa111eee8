"""An archive leaves piece by piece while it is made: one moment of a workspace that is worked in, and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.archives import ArchiveExport
from sales_campaigns.activity import Activity
from sales_campaigns.archives.checking import check
from sales_campaigns.archives.giving import ExportState, Giving, begin_export, exports, state_of
from sales_campaigns.archives.tables import archived
from sales_campaigns.clock import SystemClock, machine_now
from sales_campaigns.database import make_sessions
from sales_campaigns.errors import NotAllowed
from tests.cast import Cast, a_person
from tests.conftest import SEAL, Work

Given = Callable[[], Giving]


@pytest.fixture
def given(engine: Engine, work: Work, cast: Cast) -> Given:
    """`given()` was asked for by Cleo, on the clock of the database where that has one."""

    def begun() -> Giving:
        with work() as uow:
            export_id = begin_export(uow, cast.cleo).id
        reads = make_sessions(engine, reads_only=True)
        return Giving(reads, make_sessions(engine), SystemClock(), SEAL, export_id)

    return begun


def export_of(work: Work, giving: Giving) -> ArchiveExport:
    with work() as uow:
        return uow.session.get_one(ArchiveExport, giving.export_id)


def test_it_shows_one_moment_of_a_workspace_that_is_worked_in(
    given: Given, work: Work, cast: Cast, tmp_path: Path
) -> None:
    """What is written behind its first piece is not in it, so no row of it lacks the one that it belongs to."""
    with work() as uow:
        a_person(uow, cast.ana, "before@example.com")
    giving = given()
    pieces = giving.pieces()
    first = next(pieces)
    with work() as uow:
        a_person(uow, cast.ana, "after@example.com")
    (tmp_path / "all.zip").write_bytes(first + b"".join(pieces))
    manifest = check(tmp_path / "all.zip", SEAL)
    assert {part.name: part.rows for part in manifest.parts}["tables/person.jsonl"] == 1


def test_it_says_how_far_it_is_and_at_the_end_what_left(
    given: Given, work: Work, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sales_campaigns.archives.giving.TOLD_EVERY", timedelta())
    giving = given()
    pieces = giving.pieces()
    content = next(pieces) + next(pieces) + next(pieces)
    begun = export_of(work, giving)
    assert 0 < begun.parts_done < begun.parts == len(archived())
    assert state_of(begun, machine_now()) is ExportState.UNDER_WAY
    content += b"".join(pieces)
    (tmp_path / "all.zip").write_bytes(content)
    manifest = check(tmp_path / "all.zip", SEAL)
    with work() as uow:
        line = exports(uow.session, machine_now())[0]
        assert (line.who, line.state) == (cast.cleo.name, ExportState.WHOLE)
        whole = line.export
        assert (whole.digest, whole.rows, whole.size) == (manifest.digest, manifest.rows, len(content))
        told = uow.session.scalars(sa.select(Activity).where(Activity.kind == "archive.given")).one()
        assert told.actor_id == cast.cleo.id


def test_one_that_nobody_reads_to_its_end_is_broken_off(given: Given, work: Work) -> None:
    giving = given()
    pieces = giving.pieces()
    next(pieces)
    pieces.close()
    assert state_of(export_of(work, giving), machine_now()) is ExportState.BROKEN_OFF


def test_one_that_died_with_its_process_is_called_broken_off_after_a_while(given: Given, work: Work) -> None:
    export = export_of(work, given())
    found = [state_of(export, export.moved_at + timedelta(minutes=minutes)) for minutes in (1, 6)]
    assert found == [ExportState.UNDER_WAY, ExportState.BROKEN_OFF]


def test_a_rep_takes_nothing_along(work: Work, cast: Cast) -> None:
    with pytest.raises(NotAllowed), work() as uow:
        begin_export(uow, cast.ana)
