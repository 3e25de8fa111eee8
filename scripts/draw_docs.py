"""Draw the pages of docs/ that stand in the code already: states, settings, commands, and the document of the API.

`make docs` writes them; a test compares them, so they cannot go stale.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import click
from flask import Flask
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import sales_campaigns
from sales_campaigns.lifecycle import Lifecycle
from sales_campaigns.settings import Settings
from web.api.reference import document_text
from web.commands import install

ROOT = Path(__file__).resolve().parent.parent

STATES = """# States

Drawn from the tables in `sales_campaigns/*/states.py` by `make docs`; change them there.

A row changes its state in one way: by an event of its table, with one guarded `UPDATE … WHERE state IN (legal
sources)`. Where two processes want the same row, the number of changed rows says who was first, and the other gets
the sentence of the state that it found.
"""

SETTINGS = """# Settings

Drawn from `sales_campaigns/settings.py` by `make docs`; change them there.

Every setting is an environment variable. Each can be given as `NAME_FILE` too, the path of a file with the value,
which wins over `NAME` and keeps secrets out of process lists. A malformed setting stops the start, with one list
that names every malformed one.

| variable | default | may be | meaning |
|---|---|---|---|
"""

COMMANDS = """# Commands

Drawn from `web/commands/` by `make docs`; change them there. `flask --app wsgi COMMAND --help` tells every option.

What prints data takes `--json`. What the product refuses is one line on stderr and exit code 1. `--user` is whose
rights a command has: there is no other administrator here than the users of the installation. How the shell completes
commands stands in [Operating](operating.md), beside `serve`, `scheduler`, `worker` and `demo`, which run until they are
stopped.

**Anything else** that a page or a program can do: `flask --app wsgi ask OPERATION`, with an operation of
[the API](api.md) and no token.

```
flask --app wsgi ask list_holidays --user cleo@example.com
flask --app wsgi ask keep_holiday_of_team --user cleo@example.com --body '{"place": "SE", "day": "2026-12-28"}'
flask --app wsgi ask upload_people file_name=fair.csv --user ana@example.com --body @fair.csv
```
"""

KINDS: dict[Any, str] = {bool: "0 or 1", int: "a whole number", float: "a number", Path: "a path"}
BOUNDS = {
    "ge": "at least {}",
    "gt": "more than {}",
    "le": "at most {}",
    "min_length": "{} characters or more",
}


def states_page() -> str:
    return STATES + "".join(_lifecycle(one) for one in sorted(lifecycles(), key=lambda one: one.name))


def settings_page() -> str:
    return SETTINGS + "".join(_setting(name, field) for name, field in Settings.model_fields.items())


def commands_page() -> str:
    app = Flask("commands")
    install(app)
    ours = {name: one for name, one in app.cli.commands.items() if name not in {"run", "shell", "routes"}}
    alone = {name: one for name, one in ours.items() if not isinstance(one, click.Group)}
    groups = [(name, one) for name, one in sorted(ours.items()) if isinstance(one, click.Group)]
    return COMMANDS + "".join(
        _commands(name, one.help or "", one.commands)
        for name, one in [*groups, ("", click.Group(commands=alone))]
    )


def _commands(group: str, words: str, commands: Mapping[str, click.Command]) -> str:
    rows = "".join(
        f"| `{' '.join([group, name, *_arguments(one)]).strip()}` | {_sentence(one.help or '')} |\n"
        for name, one in sorted(commands.items())
    )
    heading = f"## {group}\n\n{words}" if group else "## By themselves"
    return f"\n{heading}\n\n| command | what it does |\n|---|---|\n{rows}"


def _arguments(command: click.Command) -> list[str]:
    context = click.Context(command)
    found = [one.make_metavar(context) for one in command.params if isinstance(one, click.Argument)]
    return [one.replace("|", "\\|") for one in found]


def _sentence(words: str) -> str:
    """The first paragraph."""
    return " ".join(words.partition("\n\n")[0].split()).replace("|", "\\|")


def lifecycles() -> Iterator[Lifecycle[Any]]:
    """Every lifecycle that a topic, or a room of it, declares in its states.py."""
    root = Path(sales_campaigns.__path__[0])
    for folder in sorted(path.parent.relative_to(root) for path in root.glob("*/**/states.py")):
        module = importlib.import_module(".".join(("sales_campaigns", *folder.parts, "states")))
        yield from (value for value in vars(module).values() if isinstance(value, Lifecycle))


def _lifecycle(one: Lifecycle[Any]) -> str:
    rows = "".join(f"| {state.value} | {words} |\n" for state, words in one.sentences.items())
    arrows = "".join(
        f"    {source.value} --> {target.value} : {event.replace('_', ' ')}\n"
        for event, (sources, target) in one.moves.items()
        for source in one.sentences
        if source in sources
    )
    return (
        f"\n## {one.name.capitalize()}\n\n| state | meaning |\n|---|---|\n{rows}"
        f"\n```mermaid\nstateDiagram-v2\n{arrows}```\n"
    )


def _setting(name: str, field: FieldInfo) -> str:
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{name.upper()}` | {_default(field)} | {_values(field)} | {meaning} |\n"


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "none, must be given"
    if isinstance(field.default, bool):
        return "`1`" if field.default else "`0`"
    return f"`{field.default}`" if str(field.default) else "empty"


def _values(field: FieldInfo) -> str:
    choices = " or ".join(f"`{one}`" for one in get_args(field.annotation))
    kind = choices or KINDS.get(field.annotation, "text")
    limits = [
        words.format(getattr(limit, name))
        for limit in field.metadata
        for name, words in BOUNDS.items()
        if getattr(limit, name, None) is not None
    ]
    return ", ".join([kind, *limits])


PAGES: dict[str, Callable[[], str]] = {
    "docs/states.md": states_page,
    "docs/settings.md": settings_page,
    "docs/cli.md": commands_page,
    "docs/openapi.json": document_text,
}

if __name__ == "__main__":
    for path, draw in PAGES.items():
        (ROOT / path).write_text(draw(), encoding="utf-8")
        print(f"{path} is drawn.")
