"""flask campaign rehearse: let a campaign really happen, in a world of its own where weeks take seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from sales_campaigns.campaigns.people_file import read_people
from sales_campaigns.campaigns.simulating import foresee
from sales_campaigns.errors import NotFound
from sales_campaigns.rehearsals.comparing import Difference, differences, left_otherwise, sentence
from sales_campaigns.rehearsals.plays import Play, Rehearse
from sales_campaigns.rehearsals.script import read_script
from web.commands.campaign import lines_of, options_of_a_start, wish_of
from web.commands.campaign_file import A_FILE, text_of
from web.commands.running import json_option, out
from web.request_scope import house


@click.command("rehearse")
@click.argument("file", type=A_FILE)
@options_of_a_start
@click.option("--script", type=A_FILE, help="What the recipients do; without it nobody answers.")
@json_option
@with_appcontext
def command(file: Path, people: Path, script: Path | None, as_json: bool, **start: Any) -> None:
    """Let FILE happen to these people with the real engine, and print what happened. Nothing is sent.

    It takes a database of its own, which is thrown away. Without a script it is what simulate prints.
    """
    wish, rows = wish_of(file, **start), list(read_people(people))
    parts = read_script(text_of(script)) if script else ()
    happened = _rehearse()(Play(wish, rows, parts), lambda _: None).told()
    foreseen = [] if as_json else list(foresee(wish, rows).entries())
    out(happened, as_json, "\n".join(_lines(happened, foreseen)))


def _rehearse() -> Rehearse:
    rehearse = house().rehearse
    if rehearse is None:
        raise NotFound("Nothing can be rehearsed here.")
    return rehearse


def _lines(happened: dict[str, Any], foreseen: list[dict[str, Any]]) -> Iterator[str]:
    yield from lines_of(happened, happened["entries"])
    for mail in happened.get("came_back", []):
        yield f"{mail['at']}  {mail['from']}  wrote “{mail['subject']}”"
    found = differences(foreseen, happened["entries"])
    found += left_otherwise(happened["entries"], happened["messages"])
    yield f"{len(happened['messages'])} mails left. {_verdict(found)}"
    yield from (f"  {one.person}, day {one.day}, step {one.step}: {sentence(one)}" for one in found)


def _verdict(found: list[Difference]) -> str:
    if not found:
        return "What was simulated is what happened: equal."
    return f"What was simulated and what happened differ in {len(found)}:"
