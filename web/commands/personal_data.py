"""flask people export and erase: the rights of a person over what is known of them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from sales_campaigns.accounts.roles import require
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.erasure.erasing import Erased, count_of, erase
from sales_campaigns.erasure.subjects import subject_of
from sales_campaigns.erasure.telling import tell
from sales_campaigns.errors import Invalid
from web.commands.running import command_work, json_option, out
from web.filters import count_words
from web.numbers import row_of
from web.parts.person_files import written

ACTING = click.option("--user", "email", required=True, help="The administrator who does it.")
WHO = click.argument("person")


@click.command("export")
@with_appcontext
@WHO
@click.option("--to", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
@ACTING
@json_option
def export(person: str, file: Path | None, email: str, as_json: bool) -> None:
    """Everything that is known of PERSON (an address, or the number of the person) as JSON."""
    with command_work() as uow:
        told = written(tell(uow, user_by_email(uow, email), **_who(person)))
    if file is None:
        click.echo(told)
        return
    _keep(file, told)
    out({"file": str(file), "characters": len(told)}, as_json, f"Written to {file}.")


@click.command("erase")
@with_appcontext
@WHO
@click.option("--dry-run", is_flag=True, help="Say what would go and erase nothing.")
@ACTING
@json_option
def erase_person(person: str, dry_run: bool, email: str, as_json: bool) -> None:
    """Erase PERSON (an address, or the number of the person) from every team. It cannot be undone."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        require(actor, "manage_installation")
        who = _who(person)
        erased = count_of(uow, subject_of(uow.session, **who)) if dry_run else erase(uow, actor, **who)
    data: dict[str, Any] = {"dry_run": dry_run, **asdict(erased)}
    out(data, as_json, f"{'Would be erased' if dry_run else 'Erased'}: {words_of(erased)}.")


def words_of(erased: Erased) -> str:
    """ "1 record, 3 mails, 1 received mail and 2 tasks" """
    many = (
        count_words(erased.people, "record"),
        count_words(erased.mails, "mail"),
        count_words(erased.received, "received mail"),
    )
    return f"{', '.join(many)} and {count_words(erased.tasks, 'task')}"


def _who(person: str) -> dict[str, Any]:
    number = row_of(person)
    return {"person_id": number} if number else {"email": person}


def _keep(file: Path, told: str) -> None:
    try:
        file.write_text(told, encoding="utf-8")
    except OSError as error:
        raise Invalid(f"The file could not be written: {error.strerror}.") from None
