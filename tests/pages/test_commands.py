"""Every command: `--help` works, `--json` gives JSON, and none asks anything of a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import Result
from flask import Flask

from tests.cast import Cast
from tests.conftest import Work

# What has no --json: it runs until it is stopped, writes a file of ours, or prints a document or JSON as it is.
WITHOUT_JSON = {
    "ask",
    "campaign export",
    "db revision",
    "openapi",
}
CLEO = ("--user", "cleo@north.example")
LISTS = (
    ("campaign", "list", *CLEO),
    ("crm", "status"),
    ("delivery", "list", *CLEO),
    ("instance", "status"),
    ("leave", "list", "ana@north.example"),
    ("mailbox", "list", *CLEO),
    ("notice", "list", *CLEO),
    ("people", "groups", *CLEO),
    ("people", "list", *CLEO),
    ("quarantine", "list", *CLEO),
    ("schedule", "list", *CLEO),
    ("task", "list", *CLEO),
    ("token", "list", *CLEO),
    ("user", "list", *CLEO),
)


def _run(app: Flask, *arguments: str) -> Result:
    """Without a terminal, and with nothing on standard input."""
    return app.test_cli_runner().invoke(args=list(arguments), input="")


def leaves(command: click.Command, *names: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, below in sorted(command.commands.items()):
            yield from leaves(below, *names, name)
    else:
        yield " ".join(names), command


def test_every_command_helps_tells_json_and_asks_nothing(app: Flask) -> None:
    ours = [(name, one) for name, one in leaves(app.cli) if name not in {"run", "shell", "routes"}]
    assert len(ours) > 50
    for name, command in ours:
        helped = _run(app, *name.split(), "--help")
        assert helped.exit_code == 0 and helped.stdout.startswith("Usage:"), name
        assert command.help and command.help.strip().endswith("."), f"{name} says what it does in a sentence"
        assert not any(isinstance(one, click.Option) and one.prompt for one in command.params), name
    told = {name for name, one in ours if any("--json" in option.opts for option in one.params)}
    assert {name for name, _ in ours} - told == WITHOUT_JSON


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_json_is_json(app: Flask, cast: Cast, command: tuple[str, ...]) -> None:
    told = _run(app, *command, "--json")
    assert told.exit_code == 0, told.output
    json.loads(told.stdout)


def test_exit_codes_tell_a_refusal_from_a_wrong_call(app: Flask, cast: Cast) -> None:
    assert _run(app, "user", "list", *CLEO).exit_code == 0
    refused = _run(app, "user", "list", "--user", "ana@north.example")
    assert refused.exit_code == 1 and refused.stderr.startswith("Error: ") and refused.stdout == ""
    assert _run(app, "user", "list").exit_code == 2


def test_a_user_is_deactivated_and_let_in_again(app: Flask, cast: Cast, work: Work) -> None:
    gone = _run(app, "user", "deactivate", "ben@north.example", *CLEO, "--json")
    assert json.loads(gone.stdout) == {"email": "ben@north.example", "held": 0}
    assert "ben@north.example  North  user  deactivated" in _run(app, "user", "list", *CLEO).stdout
    assert _run(app, "user", "activate", "ben@north.example", *CLEO).exit_code == 0
    assert _run(app, "user", "activate", "ben@north.example", *CLEO).exit_code == 1


def test_a_mailbox_is_stopped_and_released(app: Flask, cast: Cast) -> None:
    own = ("--user", "ana@north.example")
    assert _run(app, "mailbox", "stop", "ana@north.example", *own).exit_code == 0
    shown = json.loads(_run(app, "mailbox", "list", *CLEO, "--json").stdout)
    assert [one["address"] for one in shown if one["stopped"]] == ["ana@north.example"]
    assert _run(app, "mailbox", "stop", "dirk@south.example", *own).exit_code == 1
    freed = _run(app, "mailbox", "release", "ana@north.example", *own, "--json")
    assert json.loads(freed.stdout) == {"address": "ana@north.example", "stopped": False, "spread": 0}


def test_the_workspace_is_written_for_its_owner_only_and_looked_at(
    app: Flask, cast: Cast, tmp_path: Path
) -> None:
    file = str(tmp_path / "all.zip")
    told = json.loads(_run(app, "workspace", "export", file, "--json").stdout)
    assert told["rows"] > 5 and "signed_in" in told["left_out"]
    assert [(one.name, one.stat().st_mode & 0o777) for one in tmp_path.glob("*.zip*")] == [("all.zip", 0o600)]
    assert json.loads(_run(app, "workspace", "check", file, "--json").stdout)["rows"] == told["rows"]
    refused = _run(app, "workspace", "import", file)
    assert refused.exit_code == 1 and "not empty" in refused.stderr
    assert _run(app, "workspace", "check", str(tmp_path / "none.zip")).exit_code == 1
