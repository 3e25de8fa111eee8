"""What deploy/ starts is what the product has: its commands, their options, its settings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import click
import pytest
from ruamel.yaml import YAML

from integrations.directory import connected
from sales_campaigns.clock import SystemClock
from sales_campaigns.database import make_engine
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.settings import Settings
from scheduler.commands import groups
from tests.house.tracked import ROOT
from tests.units import UNITS, command_of, unit, words_of
from web import create_app
from web.serving import serve_command

DEPLOY = ROOT / "deploy"
NOT_OURS = {"PYTHONTZPATH"}
COMPOSE: dict[str, Any] = YAML(typ="safe").load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = {
    name: service for name, service in COMPOSE["services"].items() if "build" in service
}


@pytest.fixture
def known(tmp_path: Path) -> Iterator[dict[str, click.Command]]:
    """Every command of the product, as wsgi.py puts them together."""
    settings, engine = (
        Settings(data_dir=tmp_path, secret_key="x" * 32),
        make_engine(f"sqlite:///{tmp_path}/empty.sqlite3"),
    )
    app = create_app(settings, engine, OutsideWorld(mail=connected()), SystemClock())
    ours = [*groups(settings, cast(PostRoom, None)), serve_command(app, [])]
    yield {**app.cli.commands, **{str(one.name): one for one in ours}}
    engine.dispose()


def understands(known: dict[str, click.Command], words: Sequence[str]) -> None:
    """Parses the words as the command line would, without running anything."""
    command, rest = known[words[0]], list(words[1:])
    while isinstance(command, click.Group):
        command = command.commands[rest.pop(0)]
    command.make_context(words[0], rest)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_a_command_with_settings_that_there_are(
    known: dict[str, click.Command], name: str
) -> None:
    service = SERVICES[name]
    understands(known, shlex.split(service["command"]))
    assert {setting.lower() for setting in service["environment"]} <= Settings.model_fields.keys()
    assert service["build"]["dockerfile"] == "deploy/Dockerfile" and (DEPLOY / "Dockerfile").exists()


def test_what_must_be_set_is_set_and_the_engine_needs_it() -> None:
    for service in SERVICES.values():
        assert {"SECRET_KEY", "DATABASE_URL"} <= service["environment"].keys()
    given = {name.lower(): str(value) for name, value in SERVICES["worker"]["environment"].items()}
    filled = {**given, "secret_key": "x" * 32, "public_url": "", "metrics_token": ""}
    assert Settings.model_validate(filled).engine == "procrastinate"


def test_what_is_handed_over_when_it_is_told_to_end_has_time_to_finish() -> None:
    """Every process but the one that makes the schema; as long as the final answer of a server usually takes."""
    waits = {name: one.get("stop_grace_period") for name, one in SERVICES.items() if name != "schema"}
    assert waits == dict.fromkeys(("web", "scheduler", "worker"), "2m")
    assert {unit(path)["Service"]["TimeoutStopSec"] for path in UNITS} == {"120"}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_runs_a_command_with_settings_that_there_are(
    known: dict[str, click.Command], path: Path
) -> None:
    words = words_of(path)
    assert words[0].endswith("/.venv/bin/flask") and words[1:3] == ["--app", "wsgi"]
    understands(known, words[3:])
    named = set(re.findall(r"^Environment=(\w+)=", path.read_text(), re.MULTILINE)) - NOT_OURS
    assert {name.lower() for name in named} <= Settings.model_fields.keys()


def test_both_ways_start_the_same_processes() -> None:
    by_compose = {tuple(shlex.split(one["command"])) for name, one in SERVICES.items() if name != "schema"}
    assert by_compose == {command_of(path) for path in UNITS}
