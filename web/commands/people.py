"""flask people: import people from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.errors import Invalid
from sales_campaigns.people.groups import ensure_group
from sales_campaigns.people.importing import check_import, continue_import, start_import
from sales_campaigns.people.imports import bad_rows, import_of
from sales_campaigns.people.models import ImportState
from sales_campaigns.people.uploading import forget_upload, upload
from web.commands.running import CommandGroup, command_work, json_option, out
from web.request_scope import settings

group = CommandGroup("people", help="People and their import.")


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--user", "email", required=True, help="Whose people they become.")
@click.option("--group", "group_name", default="", help="Put everybody into this group; made when it is new.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and import nothing.")
@json_option
def import_people(file: Path, email: str, group_name: str, dry_run: bool, as_json: bool) -> None:
    """Import people from FILE (CSV, text, XLSX). Rows that cannot be used are listed with their reason."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        group_id = ensure_group(uow, actor, group_name).id if group_name and not dry_run else None
        with file.open("rb") as content:
            import_id = upload(uow, actor, _uploads(), file.name, content, group_id=group_id).id
    _run(actor, import_id, check_import)
    _refuse_if_refused(actor, import_id)
    if not dry_run:
        _run(actor, import_id, start_import)
    data = _report(actor, import_id, dry_run)
    out(data, as_json, _words(data))


def _uploads() -> Path:
    return settings().data_dir / "uploads"


def _run(actor: User, import_id: int, begin: Any) -> None:
    """Begin, and do what follows here: no scheduler is needed for a command."""
    with command_work() as uow:
        begin(uow, actor, import_id)
    more = True
    while more:
        with command_work() as uow:
            more = continue_import(uow, _uploads(), import_id)


def _refuse_if_refused(actor: User, import_id: int) -> None:
    with command_work() as uow:
        found = import_of(uow.session, actor, import_id)
        refused = found.refusal if found.state == ImportState.REFUSED else ""
        if refused:
            forget_upload(uow, _uploads(), found)
    if refused:
        raise Invalid(refused)


def _report(actor: User, import_id: int, dry_run: bool) -> dict[str, Any]:
    with command_work() as uow:
        found = import_of(uow.session, actor, import_id)
        if dry_run:
            forget_upload(uow, _uploads(), found)
        return {
            "import": found.id,
            "dry_run": dry_run,
            "new": found.new,
            "merged": found.merged,
            "bad": [
                {"row": bad.row, "reason": bad.reason} for bad in bad_rows(uow.session, found.id, limit=1000)
            ],
            "bad_rows": found.bad,
            "repeated": [{"row": row, "first": first} for row, first in found.columns["repeated"]],
        }


def _words(data: dict[str, Any]) -> str:
    begin = "Dry run, nothing was imported: " if data["dry_run"] else ""
    lines = [f"{begin}{data['new']:,} new, {data['merged']:,} merged, {data['bad_rows']:,} left out."]
    lines += [f"row {bad['row']:,}: {bad['reason']}" for bad in data["bad"]]
    return "\n".join(lines)
