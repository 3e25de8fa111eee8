"""A schema grows: the code of the version before goes on with it, so that versions may change while mail leaves."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from sales_campaigns.migrating import FOLDER

FIRST = "0044"  # those before it were never in use beside another version
TAKES_AWAY = {"drop_column", "drop_table", "rename_table", "new_column_name"}


def what_is_taken_away(source: str) -> Iterator[str]:
    """What a migration does on its way up that code of the version before cannot know."""
    up = next(
        one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef) and one.name == "upgrade"
    )
    for call in (one for one in ast.walk(up) if isinstance(one, ast.Call)):
        names = {call.func.attr} if isinstance(call.func, ast.Attribute) else set()
        yield from (names | {one.arg or "" for one in call.keywords}) & TAKES_AWAY
        if "add_column" in names and _must_be_given(ast.unparse(call)):
            yield "a column that must be given"


def _must_be_given(call: str) -> bool:
    return "nullable=False" in call and "server_default" not in call


def test_no_migration_takes_away_what_the_version_before_asks_for() -> None:
    """The rule: what is not used any more goes one version later (docs/operating.md)."""
    newer = [path for path in (FOLDER / "versions").glob("*.py") if path.name >= FIRST]
    assert [(path.name, *what_is_taken_away(path.read_text())) for path in newer] == [
        (path.name,) for path in newer
    ]


@pytest.mark.parametrize(
    "step",
    [
        'op.drop_column("message", "words")',
        'table.alter_column("words", new_column_name="why")',
        'op.add_column("message", sa.Column("words", sa.Text, nullable=False))',
    ],
)
def test_it_would_be_found(step: str) -> None:
    assert list(what_is_taken_away(f"def upgrade():\n    {step}\n\ndef downgrade(): ...\n"))


def test_what_grows_is_let_through() -> None:
    step = 'table.add_column(sa.Column("words", sa.Text, server_default="", nullable=False))'
    assert not list(what_is_taken_away(f"def upgrade():\n    {step}\n"))
