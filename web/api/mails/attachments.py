"""Files that go along with mails: taken in, listed, taken out, fetched; a set of them is named by its digest."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import Field

from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.content.attachments import Upload
from sales_campaigns.content.bundles import Enclosed, bundle_named, content_at, enclosed, gather, withdraw
from sales_campaigns.content.models import Bundle
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Shown
from web.request_scope import me, work

api = Area("messages", "")
ANY = "application/octet-stream"
Files = Annotated[
    str,
    Field(pattern="^([0-9a-f]{64})?$", description="The digest of `/attachments`; empty for no files."),
]


class FileAsked(Asked):
    name: str = Field(min_length=1, max_length=300, description="As recipients see it, with its ending.")
    media_type: str = Field("", max_length=130, description="By its ending where it is not given.")
    beside: Files = ""


class FileShown(Shown):
    place: int = Field(description="Counted from 1.")
    name: str
    media_type: str
    size: int = Field(description="Bytes.")


class FilesShown(Shown):
    """Say `files` in mails, templates, steps and deliveries, so that they carry these."""

    files: str = Field(description="The digest that names this set; empty where nothing is left.")
    total: int = Field(description="Bytes in all.")
    attachments: list[FileShown]


@api.post("/attachments", status=201, file=(ANY,))
def upload_attachment(query: FileAsked, file: bytes) -> FilesShown:
    """Take one file in, alone or `beside` others. What is the same is kept once."""
    before = bundle_named(work().session, me(), query.beside).id if query.beside else None
    upload = Upload(query.name, query.media_type, file)
    return files_shown(gather(work(), me(), me().team_id, before, [upload]))


@api.get("/attachments/<digest>")
def list_attachments(digest: str) -> FilesShown:
    """The files of one set."""
    return files_shown(bundle_named(work().session, me(), digest).id)


@api.get("/attachments/<digest>/<int:place>", gives=ANY)
def get_attachment(digest: str, place: int) -> Response:
    """One of them, as it was taken in."""
    attachment, content = content_at(work().session, bundle_named(work().session, me(), digest), place - 1)
    answer = Response(content, mimetype=ANY)
    answer.headers.set("Content-Disposition", "attachment", filename=attachment.name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@api.post("/attachments/<digest>/<int:place>/remove")
def remove_attachment(digest: str, place: int) -> FilesShown:
    """The set without this file, which is another set; mails that carry the former one keep it."""
    bundle = bundle_named(work().session, me(), digest)
    return files_shown(gather(work(), me(), bundle.team_id, bundle.id, without=[place - 1]))


@api.post("/attachments/<digest>/<int:place>/withdraw", scope=Scope.ADMIN)
def withdraw_attachment(digest: str, place: int) -> Done:
    """Out of everything that has not left, and out of the store; what would have carried it is to be mended."""
    name = withdraw(work(), me(), bundle_named(work().session, me(), digest), place - 1)
    return Done(words=f"“{name}” is withdrawn: no mail leaves with it.")


def bundle_of(files: str, team_id: int) -> int | None:
    """The set as one of that team's, None for no files. Raises NotFound for a digest that names none."""
    if not files:
        return None
    bundle = bundle_named(work().session, me(), files)
    return bundle.id if bundle.team_id == team_id else gather(work(), me(), team_id, bundle.id)


def digest_of(bundle_id: int | None) -> str:
    bundle = work().session.get(Bundle, bundle_id) if bundle_id is not None else None
    return bundle.digest if bundle is not None else ""


def files_shown(bundle_id: int | None) -> FilesShown:
    work().session.flush()
    lines = enclosed(work().session, bundle_id)
    return FilesShown(
        files=digest_of(bundle_id) if lines else "",
        total=sum(one.size for one in lines),
        attachments=[_shown(one) for one in lines],
    )


def _shown(one: Enclosed) -> FileShown:
    return FileShown(place=one.position + 1, name=one.name, media_type=one.media_type, size=one.size)
