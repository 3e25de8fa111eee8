"""flask workspace: the whole installation as one archive, and back into an empty one."""

from __future__ import annotations

from pathlib import Path

import click

from sales_campaigns.archives.checking import check
from sales_campaigns.archives.giving import begin_export
from sales_campaigns.archives.packing import told
from sales_campaigns.archives.unpacking import unpack
from sales_campaigns.errors import Invalid
from web.commands.running import CommandGroup, command_work, json_option, out
from web.filters import count_words
from web.parts.archive_files import giving
from web.request_scope import house

group = CommandGroup("workspace", help="The whole installation as one archive.")
FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@group.command("export")
@FILE
@json_option
def export(file: Path, as_json: bool) -> None:
    """Write everything but passwords and sessions to FILE (a ZIP). May run beside the service."""
    unfinished = file.with_name(f"{file.name}.part")
    with command_work() as uow:
        export = begin_export(uow, None)
    archive = giving(export)
    try:
        unfinished.touch(0o600)  # it holds all that is known of everybody
        with unfinished.open("wb") as target:
            target.writelines(archive.pieces())
        unfinished.replace(file)
    except OSError as error:
        raise Invalid(f"The file could not be written: {error.strerror}.") from None
    finally:
        unfinished.unlink(missing_ok=True)
    assert archive.manifest is not None
    data = {"file": str(file), **told(archive.manifest)}
    out(data, as_json, f"{count_words(archive.manifest.rows, 'row')} written to {file}.")


@group.command("check")
@FILE
@json_option
def check_archive(file: Path, as_json: bool) -> None:
    """Read the whole of FILE and say whether it can be imported. Writes nothing."""
    manifest = check(file, house().seal)
    out(told(manifest), as_json, f"Whole: {count_words(manifest.rows, 'row')}.")


@group.command("import")
@FILE
@json_option
def import_archive(file: Path, as_json: bool) -> None:
    """Take FILE into this empty installation. After a kill, the same command goes on where it stood."""
    manifest = unpack(command_work, file, house().seal)
    words = "Sending is off until an administrator confirms; passwords of mailboxes are typed again."
    out(told(manifest), as_json, f"{count_words(manifest.rows, 'row')} imported. {words}")
