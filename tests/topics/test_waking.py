"""After a restore or on a clone sending stays off until an administrator confirms; a normal second start is free."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import Instance
from sales_campaigns.errors import IllegalMove, NotAllowed
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.holds import INSTANCE
from sales_campaigns.messages.models import Hold
from sales_campaigns.messages.stops.waking import MOVED, OLDER, confirm_instance, doubted, live, wake
from sales_campaigns.messages.stops.witness import Witness, place_of, witness_in
from sales_campaigns.settings import Settings
from scheduler.process_jobs import guard_job
from scheduler.runner import running
from tests.cast import Cast
from tests.conftest import Work


def started(work: Work, witness: Witness) -> str:
    with work() as uow:
        return wake(uow, place_of(uow.session, witness), witness.beats)


def beat(work: Work, witness: Witness) -> None:
    with work() as uow:
        beats = live(uow, witness.beats)
    witness.remember(beats)


def is_held(work: Work) -> bool:
    with work() as uow:
        return uow.session.get_one(Hold, INSTANCE).stopped


def test_the_second_start_in_the_same_place_is_a_start_like_any_other(
    work: Work, cast: Cast, tmp_path: Path
) -> None:
    for _ in range(3):
        assert started(work, witness_in(tmp_path)) == ""
        beat(work, witness_in(tmp_path))
    assert not is_held(work)


def test_a_copy_of_the_folder_is_another_place(
    work: Work, cast: Cast, tmp_path: Path, sqlite_engine: Engine, engine: Engine
) -> None:
    """On PostgreSQL the server says where the database is, so that many machines are one place."""
    on_sqlite = engine is sqlite_engine
    started(work, witness_in(tmp_path / "here"))
    beat(work, witness_in(tmp_path / "here"))
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    assert started(work, witness_in(tmp_path / "there")) == (MOVED if on_sqlite else "")
    assert is_held(work) == on_sqlite


def test_a_database_that_knows_less_than_its_witness_was_restored(
    work: Work, cast: Cast, tmp_path: Path
) -> None:
    witness = witness_in(tmp_path)
    started(work, witness)
    for _ in range(5):
        beat(work, witness)
    with work() as uow:
        uow.session.get_one(Instance, 1).beats = 3  # yesterday's
    assert started(work, witness) == OLDER
    assert is_held(work)
    with work() as uow:
        assert doubted(uow) is not None
        confirm_instance(uow, cast.cleo)
    assert not is_held(work)
    assert started(work, witness) == "", "and the next start is free"


def test_it_sees_a_restore_under_a_running_process(work: Work, cast: Cast, tmp_path: Path) -> None:
    witness = witness_in(tmp_path)
    started(work, witness)
    for _ in range(3):
        beat(work, witness)
    with work() as uow:
        uow.session.get_one(Instance, 1).beats = 1
    beat(work, witness)
    assert is_held(work)


def test_a_place_that_was_confirmed_is_known_from_then_on(work: Work, cast: Cast) -> None:
    for place, why in (("here", ""), ("there", MOVED)):
        with work() as uow:
            assert wake(uow, place, 0) == why
    with work() as uow:
        confirm_instance(uow, None)
    for place in ("there", "here", "there"):
        with work() as uow:
            assert wake(uow, place, 0) == ""


def test_only_an_administrator_confirms_and_only_what_is_in_doubt(work: Work, cast: Cast) -> None:
    with work() as uow, pytest.raises(NotAllowed):
        confirm_instance(uow, cast.ana)
    with work() as uow, pytest.raises(IllegalMove, match="nothing to confirm"):
        confirm_instance(uow, cast.cleo)


def test_the_scheduler_asks_before_its_first_tick_and_counts_its_beats(
    work: Work, cast: Cast, room: PostRoom, tmp_path: Path
) -> None:
    settings = Settings(
        secret_key="only for the tests, and long enough", data_dir=tmp_path, database_url="postgresql://a/b"
    )
    with work() as uow:
        wake(uow, "another place", 0)
    with running(settings, room):
        assert is_held(work)
    witness = witness_in(tmp_path)
    before = witness.beats
    guard_job(witness).do(room, "all")
    assert witness.beats == before + 1


def test_a_witness_that_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "instance.json"
    path.write_text('{"name": "abc", "be')
    assert Witness(path).beats == 0
    assert Witness(path).name
    Witness(path).remember(7)
    assert Witness(path).beats == 7
