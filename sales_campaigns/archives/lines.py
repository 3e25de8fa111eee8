"""A row as one line of JSON and back: instants in UTC, bytes in Base64, choices by their value."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import MailboxState
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.archives.tables import BLANK, OPENED, RECONNECT
from sales_campaigns.database import UtcDateTime


def line_of(table: sa.Table, row: Mapping[str, Any], seal: Seal) -> bytes:
    """One line, the columns in the order of the schema."""
    left = {name: _left(f"{table.name}.{name}", value, seal) for name, value in row.items()}
    if table.name == "mailbox" and row["state"] is MailboxState.CONNECTED and _had_a_key(row):
        left |= {"state": MailboxState.NEEDS_RECONNECT, "trouble": RECONNECT}
    plain = {name: _plain(value) for name, value in left.items()}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def row_of(table: sa.Table, line: bytes, seal: Seal) -> dict[str, Any]:
    """The row in a line. Raises ValueError for what is no row of this table."""
    plain = json.loads(line)
    if not isinstance(plain, dict) or plain.keys() != {column.name for column in table.columns}:
        raise ValueError("its columns are others")
    row = {name: _read(table.c[name], value) for name, value in plain.items()}
    sealed = {name: seal.close(value) for name, value in row.items() if f"{table.name}.{name}" in OPENED}
    return row | sealed


def _had_a_key(mailbox: Mapping[str, Any]) -> bool:
    """A password, or a grant of its provider: neither comes along."""
    return bool(mailbox["sealed_secret"]) or mailbox["provider"] != "smtp"


def _left(name: str, value: Any, seal: Seal) -> Any:
    if name in BLANK:
        return ""
    return seal.open(value) if name in OPENED else value


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return b64encode(value).decode() if isinstance(value, bytes) else value


def _read(column: sa.Column[Any], value: Any) -> Any:
    if value is None:
        return None
    kind = column.type
    if isinstance(kind, sa.Enum):
        return kind.enum_class(value) if kind.enum_class else value
    reader = next((read for of, read in _READERS if isinstance(kind, of)), None)
    return reader(value) if reader else value


_READERS: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    (UtcDateTime, datetime.fromisoformat),
    (sa.Date, date.fromisoformat),
    (sa.Time, time.fromisoformat),
    (sa.LargeBinary, lambda value: b64decode(value, validate=True)),
)
