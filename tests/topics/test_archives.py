"""Archives: the whole workspace in one file, and back; a bad file is refused before anything is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from shutil import copy
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.archives import ArchiveImport
from sales_campaigns.accounts.models import Mailbox, Team, User
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.archives.checking import check, opened
from sales_campaigns.archives.manifest import NAME
from sales_campaigns.archives.packing import pack
from sales_campaigns.archives.tables import BLANK, LEFT_OUT, OPENED, archived
from sales_campaigns.archives.unpacking import begin, take_in_next, unpack
from sales_campaigns.clock import VirtualClock
from sales_campaigns.database import make_engine, make_sessions
from sales_campaigns.erasure.erasing import erase
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.stops.waking import confirm_instance, doubted
from sales_campaigns.people.editing import create_person
from sales_campaigns.people.suppression import why_not
from sales_campaigns.schema import METADATA
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from scheduler.jobs import run_until_quiet
from tests.builders import a_delivery
from tests.cast import Cast, a_person, cast_of
from tests.conftest import SEAL, Work
from tests.incoming import a_raw_mail, answered
from tests.outgoing import due_mails
from tests.sink import Sink

ELSEWHERE = Seal("another installation with a secret of its own")


@pytest.fixture
def lived(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    """Mails have left, one was answered, one person was erased, one mailbox has a password."""
    due_mails(work, cast, "maria@example.com", "noah@example.com", "gone@example.com", later_steps=1)
    run_until_quiet(room)
    with work() as uow:
        name = uow.session.scalars(sa.select(Message.message_id).where(Message.sent_at.is_not(None))).first()
    answered(work, cast, room, a_raw_mail("Yes – gladly 🙂", answers=name))
    with work() as uow:
        a_delivery(uow, cast.cleo)
        uow.session.get_one(Mailbox, cast.ana_box.id).sealed_secret = SEAL.close("sesame")
        uow.session.get_one(User, cast.ana.id).password_hash = "argon2-hash"
        erase(uow, cast.cleo, email="gone@example.com")


@pytest.fixture
def archive(work: Work, lived: None, tmp_path: Path) -> Path:
    return packed(work, tmp_path / "all.zip")


@pytest.fixture
def empty(tmp_path: Path, clock: VirtualClock) -> Iterator[Work]:
    """Another installation, with a database that has every table and no row."""
    with an_installation(tmp_path, clock, ELSEWHERE) as work:
        yield work


@contextmanager
def an_installation(folder: Path, clock: VirtualClock, seal: Seal) -> Iterator[Work]:
    engine = make_engine(f"sqlite:///{folder}/other.sqlite3")
    METADATA.create_all(engine)
    sessions = make_sessions(engine, seal=seal)
    yield lambda: unit_of_work(sessions, clock)
    engine.dispose()


def packed(work: Work, path: Path, seal: Seal = SEAL) -> Path:
    with work() as uow, path.open("wb") as file:
        pack(uow, None, file, seal)
    return path


def parts(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows(work: Work) -> dict[str, int]:
    with work() as uow:
        counts = {
            table.name: uow.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in archived()
        }
    return {name: number for name, number in counts.items() if number}


def test_export_import_and_export_again_is_the_same_to_the_byte_but_for_the_instant(
    archive: Path, empty: Work, tmp_path: Path
) -> None:
    manifest = unpack(empty, archive, ELSEWHERE)
    assert manifest.rows > 50
    again = parts(packed(empty, tmp_path / "again.zip", ELSEWHERE))
    first = parts(archive)
    assert again.keys() == first.keys()
    assert [name for name in first if again[name] != first[name]] == []


def test_passwords_tokens_and_secrets_stay_behind_and_the_manifest_says_so(archive: Path) -> None:
    whole = b"".join(parts(archive).values())
    assert b"sesame" not in whole and b"argon2-hash" not in whole and b"sealed_secret" in whole
    left_out = json.loads(parts(archive)[NAME])["left_out"]
    assert left_out == LEFT_OUT | BLANK
    held = {json.loads(line)["state"] for line in parts(archive)["tables/mailbox.jsonl"].splitlines()}
    assert "needs_reconnect" in held, "a mailbox without its password"


def test_no_table_with_a_secret_comes_along_and_none_that_leads_to_one_left_behind() -> None:
    """Whoever adds a column that lets somebody in says here what an archive does with it."""
    secret = ("secret", "token", "sealed", "password", "signing", "session", "verifier")
    found = {
        f"{table.name}.{column.name}"
        for table in archived()
        for column in table.columns
        if any(word in column.name for word in secret)
    }
    assert found == set(BLANK) | OPENED
    leads = {key.column.table.name for table in archived() for key in table.foreign_keys}
    assert leads & set(LEFT_OUT) == set() and set(LEFT_OUT) <= METADATA.tables.keys()


def test_sending_stays_off_after_an_import_until_an_administrator_confirms(
    archive: Path, empty: Work
) -> None:
    unpack(empty, archive, ELSEWHERE)
    with empty() as uow:
        stop = doubted(uow)
        assert stop is not None and "archive" in stop.why
    with empty() as uow:
        confirm_instance(uow, None)
        assert doubted(uow) is None


def test_who_was_erased_stays_suppressed_under_the_secret_of_the_new_installation(
    archive: Path, empty: Work
) -> None:
    unpack(empty, archive, ELSEWHERE)
    with empty() as uow:
        ana = uow.session.scalars(sa.select(User).where(User.email == "ana@north.example")).one()
        person = create_person(uow, ana, {"email": "gone@example.com"})
        cause = why_not(uow.session, person.id)
        assert cause is not None and cause.name == "erased"


def test_new_rows_go_on_counting_behind_those_that_came(
    archive: Path, work: Work, engine: Engine, cast: Cast, empty: Work
) -> None:
    with engine.begin() as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(table.delete())
    unpack(work, archive, SEAL)
    with work() as uow:
        last = uow.session.scalar(sa.select(sa.func.max(Team.id))) or 0
        team = Team(name="Newcomers")
        uow.session.add(team)
        uow.session.flush()
        assert team.id == last + 1


def test_killed_at_any_boundary_it_goes_on_with_the_same_file(
    archive: Path, empty: Work, tmp_path: Path
) -> None:
    """The process dies in the middle of each part in turn; each time the next one goes on."""
    manifest = check(archive, ELSEWHERE)
    with empty() as uow:
        begin(uow, manifest)
    for number in range(len(manifest.parts)):
        with pytest.raises(KeyboardInterrupt), empty() as uow:
            take_in_next(uow, archive, ELSEWHERE, manifest.digest)
            raise KeyboardInterrupt
        with empty() as uow:
            begin(uow, manifest)
            assert uow.session.scalars(sa.select(ArchiveImport.parts_done)).one() == number
        with empty() as uow:
            assert take_in_next(uow, archive, ELSEWHERE, manifest.digest) == (
                number + 1 < len(manifest.parts)
            )
    again = parts(packed(empty, tmp_path / "again.zip", ELSEWHERE))
    assert {**parts(archive), NAME: b""} == {**again, NAME: b""}


def test_damaged_in_the_middle_of_an_import_it_says_what_was_written_and_a_whole_copy_goes_on(
    archive: Path, empty: Work, tmp_path: Path
) -> None:
    whole = archive.read_bytes()
    number, done = 0, 0

    @contextmanager
    def work() -> Iterator[UnitOfWork]:
        nonlocal number
        number += 1
        if number == 12:
            archive.write_bytes(whole[: len(whole) // 2])
        with empty() as uow:
            yield uow

    with pytest.raises(Invalid) as refusal:
        unpack(work, archive, ELSEWHERE)
    with empty() as uow:
        row = uow.session.scalars(sa.select(ArchiveImport)).one()
        done, words = row.parts_done, f"{row.parts_done} of {row.parts} parts were written before"
    assert done == 10 and words in refusal.value.words and "Nothing" not in refusal.value.words
    with pytest.raises(Invalid, match=words):
        unpack(empty, archive, ELSEWHERE)
    archive.write_bytes(whole)
    unpack(empty, archive, ELSEWHERE)
    assert {**parts(archive), NAME: b""} == {**parts(packed(empty, tmp_path / "a.zip", ELSEWHERE)), NAME: b""}


def test_another_file_does_not_go_on_with_it_and_a_full_installation_takes_none(
    archive: Path, work: Work, empty: Work, clock: VirtualClock, tmp_path: Path
) -> None:
    manifest = check(archive, SEAL)
    with empty() as uow:
        begin(uow, manifest)
    clock.forward(timedelta(hours=1))
    other = packed(work, tmp_path / "later.zip")
    with pytest.raises(IllegalMove, match="Another import"):
        unpack(empty, other, ELSEWHERE)
    with empty() as uow, pytest.raises(Invalid, match="another one"):
        take_in_next(uow, other, ELSEWHERE, manifest.digest)
    with pytest.raises(IllegalMove, match="not empty"):
        unpack(work, archive, SEAL)


def test_only_administrators_of_the_installation_pack_it(work: Work, cast: Cast, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed), work() as uow, (tmp_path / "no.zip").open("wb") as file:
        pack(uow, cast.ana, file, SEAL)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    with an_installation(folder, VirtualClock(datetime(2026, 11, 30, tzinfo=UTC)), SEAL) as work:
        with work() as uow:
            a_person(uow, cast_of(uow).ana)
        return packed(work, folder / "small.zip")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    clock = VirtualClock(datetime(2026, 11, 30, tzinfo=UTC))
    with an_installation(tmp_path_factory.mktemp("untouched"), clock, ELSEWHERE) as work:
        yield work


class TestABadArchiveIsRefusedBeforeAnythingIsWritten:
    """One small archive, and one installation that stays empty because everything is refused."""

    @pytest.fixture
    def archive(self, small: Path, tmp_path: Path) -> Path:
        return Path(copy(small, tmp_path / "archive.zip"))

    @pytest.fixture
    def whole(self, small: Path) -> dict[str, bytes]:
        return parts(small)

    def refused(self, untouched: Work, path: Path) -> str:
        with pytest.raises(Invalid) as refusal:
            unpack(untouched, path, ELSEWHERE)
        assert rows(untouched) == {} and refusal.value.words.endswith("Nothing was written.")
        with untouched() as uow:
            assert uow.session.scalars(sa.select(ArchiveImport.digest)).all() == []
        return refusal.value.words

    @pytest.mark.parametrize("length", [0, 1, 10, 1_000, -1, -30, -200])
    def test_cut_short(self, archive: Path, untouched: Work, length: int) -> None:
        archive.write_bytes(archive.read_bytes()[:length])
        assert "cut short" in self.refused(untouched, archive)

    def test_damaged_in_the_middle(self, archive: Path, untouched: Work) -> None:
        content = bytearray(archive.read_bytes())
        for position in range(200, 5_000, 7):
            content[position] ^= 0xFF
        archive.write_bytes(content)
        self.refused(untouched, archive)

    def test_another_schema(self, whole: dict[str, bytes], untouched: Work, tmp_path: Path) -> None:
        whole[NAME] = whole[NAME].replace(f'"schema": "{_schema(whole)}"'.encode(), b'"schema": "0001"')
        assert "at schema 0001" in self.refused(untouched, zipped(tmp_path, whole))

    def test_another_kind_of_file(self, whole: dict[str, bytes], untouched: Work, tmp_path: Path) -> None:
        for text in (b"{}", b"[]", b"no JSON", b'{"format": "other/1"}'):
            self.refused(untouched, zipped(tmp_path, {**whole, NAME: text}))

    def test_a_row_that_was_changed(self, whole: dict[str, bytes], untouched: Work, tmp_path: Path) -> None:
        name = "tables/person.jsonl"
        whole[name] = whole[name].replace(b"Santos", b"Santas")
        assert "not what the manifest says" in self.refused(untouched, zipped(tmp_path, whole))

    @pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "tables/../x.jsonl", "extra.txt"])
    def test_names_that_lead_elsewhere(
        self, whole: dict[str, bytes], untouched: Work, tmp_path: Path, name: str
    ) -> None:
        assert "other parts" in self.refused(untouched, zipped(tmp_path, {**whole, name: b"x"}))
        listed = {**whole, name: b"x"}
        assert "other parts" in self.refused(untouched, zipped(tmp_path, signed(listed)))

    def test_a_part_that_is_missing(self, whole: dict[str, bytes], untouched: Work, tmp_path: Path) -> None:
        del whole["tables/person.jsonl"]
        assert "not all of them" in self.refused(untouched, zipped(tmp_path, whole))

    def test_a_bomb(self, whole: dict[str, bytes], untouched: Work, tmp_path: Path) -> None:
        whole["tables/person.jsonl"] = b"0" * 40_000_000
        assert "larger than it can be" in self.refused(untouched, zipped(tmp_path, signed(whole)))

    @pytest.mark.parametrize("line", [b"[]\n", b"{}\n", b'{"id": 1}\n', b"no JSON\n", b"\xff\n"])
    def test_lines_that_are_no_rows(
        self, whole: dict[str, bytes], untouched: Work, tmp_path: Path, line: bytes
    ) -> None:
        whole["tables/person.jsonl"] = line
        assert "no row" in self.refused(untouched, zipped(tmp_path, signed(whole)))


def _schema(whole: dict[str, bytes]) -> str:
    return str(json.loads(whole[NAME])["schema"])


def zipped(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "made.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def signed(files: dict[str, bytes]) -> dict[str, bytes]:
    """With a manifest that fits what the files have become."""
    manifest = json.loads(files[NAME])
    known = {part["name"]: part for part in manifest["parts"]}
    manifest["parts"] = [
        {
            "name": name,
            "rows": known.get(name, {}).get("rows", 1) if content == b"" else content.count(b"\n") or 1,
            "size": len(content),
            "sha256": sha256(content).hexdigest(),
        }
        for name, content in files.items()
        if name != NAME
    ]
    return {**files, NAME: json.dumps(manifest).encode()}


def test_what_fails_while_rows_are_written_is_not_taken_for_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "sound.zip"
    with ZipFile(path, "w") as sound:
        sound.writestr("a", "b")
    with pytest.raises(OSError, match="disk is full"), opened(path):
        raise OSError("the disk is full")
