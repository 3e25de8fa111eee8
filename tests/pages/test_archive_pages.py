"""The workspace as one file: by the page, the API and `flask ask`."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from flask import Flask

from sales_campaigns.archives.manifest import NAME
from sales_campaigns.archives.tables import LEFT_OUT
from tests.api.conftest import Program, program
from tests.cast import Cast
from tests.pages.conftest import Browser
from tests.pages.test_operators_commands import run

__all__ = ["program"]


def names(content: bytes) -> list[str]:
    with ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_the_page_gives_it_and_says_what_it_holds_what_not_and_where_it_goes(
    browse: Callable[..., Browser], cast: Cast
) -> None:
    cleo = browse(cast.cleo)
    before = cleo.get("/admin/archive").text
    assert "No archive yet" in before and "workspace import FILE" in before
    assert [name for name in LEFT_OUT if f"<code>{name}</code>" not in before] == []
    file = cleo.post("/admin/archive/file")
    assert file.headers["Content-Disposition"].startswith("attachment; filename=workspace-2026-")
    assert NAME in names(file.data)
    part = cleo.get("/admin/archive", htmx=True).text
    assert "Whole" in part and cast.cleo.name in part and "<html" not in part


def test_a_program_gets_the_same_and_no_key_promises_it_again(
    program: Callable[..., Program], cast: Cast
) -> None:
    cleo = program(cast.cleo)
    refused = cleo.post("/workspace/archives", headers={"Idempotency-Key": "one"})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert cleo.get("/workspace/archives").json["archives"] == []
    assert NAME in names(cleo.post("/workspace/archives").data)
    told = cleo.get("/workspace/archives").json
    assert [one["state"] for one in told["archives"]] == ["whole"] and "api_token" in told["left_out"]


def test_a_command_writes_any_file_that_an_operation_gives(app: Flask, cast: Cast, tmp_path: Path) -> None:
    done = run(app, "ask", "export_workspace")
    assert done.exit_code == 0 and NAME in names(done.stdout_bytes)
