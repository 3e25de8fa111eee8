"""What an installation remembers outside its database: a file in DATA_DIR that a restored database contradicts."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Witness:
    """The file. It holds a random name, made once, and how many signs of life the database had given by then."""

    path: Path

    @property
    def name(self) -> str:
        """Its random name and its place on the disk: a copy of the file lies elsewhere, under the same name."""
        known = self._read() or self._make()
        return f"{known['name']} in file {self.path.stat().st_ino}"

    @property
    def beats(self) -> int:
        beats = (self._read() or {}).get("beats")
        return beats if isinstance(beats, int) else 0

    def remember(self, beats: int) -> None:
        """Written where it lies, and only after the database has kept the number: it is never ahead by itself."""
        known = self._read() or self._make()
        with self.path.open("r+") as file:
            file.write(json.dumps({**known, "beats": beats}))
            file.truncate()

    def _read(self) -> dict[str, object] | None:
        try:
            known = json.loads(self.path.read_text())
        except (OSError, ValueError):  # not there yet, or cut off while it was written
            return None
        return known if isinstance(known, dict) and "name" in known else None

    def _make(self) -> dict[str, object]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        known: dict[str, object] = {"name": secrets.token_hex(8), "beats": 0}
        self.path.write_text(json.dumps(known))
        return known


def witness_in(data_dir: Path) -> Witness:
    return Witness(data_dir / "instance.json")


def place_of(session: Session, witness: Witness) -> str:
    """Where this database runs.

    On SQLite it is the witness beside it. On PostgreSQL it is the address, and the numbers that the server gave to
    itself, the database and the table: a dump that is read back in has others.
    """
    url = session.get_bind().engine.url
    if url.get_backend_name() == "sqlite":
        return witness.name
    numbers = session.execute(
        sa.text(
            "SELECT d.oid, 'instance'::regclass::oid, has_function_privilege('pg_control_system()', 'execute') "
            "FROM pg_database d WHERE d.datname = current_database()"
        )
    ).one()
    server = (
        session.scalar(sa.text("SELECT system_identifier FROM pg_control_system()")) if numbers[2] else ""
    )
    address = f"{url.host or url.query.get('host') or 'socket'}:{url.port or ''}/{url.database}"
    return f"{address} {server} {numbers[0]}.{numbers[1]}"[-200:]
