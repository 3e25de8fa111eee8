"""The files of a mail in its form: named by their bundle, so that none is lost while another field is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from flask import g, request

from sales_campaigns.content.attachments import Upload
from sales_campaigns.content.bundles import Enclosed, bundle_named, enclosed, gather
from sales_campaigns.content.models import Bundle
from web.request_scope import commit_now, me, work


@dataclass(frozen=True, slots=True)
class Files:
    """What the form shows: `digest` names the bundle, "" where nothing is attached."""

    digest: str = ""
    lines: tuple[Enclosed, ...] = ()

    @property
    def total(self) -> int:
        """Bytes in all."""
        return sum(one.size for one in self.lines)


def files_shown(bundle_id: int | None) -> Files:
    """The files of a stored bundle."""
    bundle = work().session.get(Bundle, bundle_id) if bundle_id is not None else None
    lines = enclosed(work().session, bundle_id)
    return Files(bundle.digest, tuple(lines)) if bundle is not None and lines else Files()


def bundle_typed(team_id: int) -> int | None:
    """The bundle of this form for a content of that team, with what was taken out of it and what was chosen.

    Asked before anything is written: uploads stay, whatever becomes of the form, so that nobody uploads them twice.
    Raises Invalid({"attach": words}) and NotFound.
    """
    bundle = _named(request.form)
    found = g.bundle_id = bundle.id if bundle is not None else None
    uploads = list(_uploads())
    without = request.form.getlist("detach", type=int)
    if uploads or without or (bundle is not None and bundle.team_id != team_id):
        found = g.bundle_id = gather(work(), me(), team_id, found, uploads, without)
        commit_now()
    return found


def _uploads() -> Iterator[Upload]:
    for file in request.files.getlist("attach"):
        with closing(file):
            if file.filename:
                yield Upload(file.filename, file.mimetype or "", file.read())


def files_again(typed: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, with the files that the form holds by now: for showing it again."""
    if "bundle_id" not in g:
        bundle = _named(typed)
        g.bundle_id = bundle.id if bundle is not None else None
    return {**typed, "bundle_id": g.bundle_id}


def _named(typed: Mapping[str, Any]) -> Bundle | None:
    digest = typed.get("bundle", "")
    return bundle_named(work().session, me(), digest) if digest else None
