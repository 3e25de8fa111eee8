"""How a command runs: its unit of work, what it prints, and errors as one line on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import click
from flask.cli import AppGroup

from sales_campaigns.errors import Refusal
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from web.request_scope import house

json_option: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class RefusedInWords(click.Command):
    """A command by itself that ends with exit code 1 and one line when the product says no."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refusal as error:
            _refused(ctx, error)


class CommandGroup(AppGroup):
    """A group whose commands end with exit code 1 and one line when the product says no."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refusal as error:
            _refused(ctx, error)


def command_work() -> AbstractContextManager[UnitOfWork]:
    """`with command_work() as uow:` is one transaction on the app's database and clock."""
    return unit_of_work(house().writes, house().clock)


def out(data: Any, as_json: bool, words: str = "") -> None:
    """Print `data` as JSON, or `words` (one line an item of a list when there are none)."""
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False, default=str))
    elif words:
        click.echo(words)
    else:
        for item in data if isinstance(data, list) else [data]:
            click.echo(
                "  ".join(str(value) for value in item.values()) if isinstance(item, dict) else str(item)
            )


def _refused(ctx: click.Context, error: Refusal) -> None:
    click.echo(f"Error: {' '.join(error.words.split())}", err=True)
    ctx.exit(1)
