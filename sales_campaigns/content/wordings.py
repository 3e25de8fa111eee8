"""Wordings are written once and shared: the same subject, HTML, text and files are one row."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content


def wording_of(
    session: Session, subject: str, html: str, text: str = "", bundle_id: int | None = None
) -> Wording:
    """The row that says exactly this, made if it is new. Checks nothing: see `rendering.check`."""
    content = Content(subject, html, text, bundle_id)
    digest = digest_of(content)
    return _known(session, digest) or _added(session, digest, content)


def wording_for(session: Session, content: Content) -> Wording:
    """The same, of a content."""
    return wording_of(session, content.subject, content.html, content.text, content.bundle_id)


def content_of(wording: Wording | None) -> Content:
    """What a wording says, for rendering; of none, an empty content."""
    if wording is None:
        return Content("", "")
    return Content(wording.subject, wording.html, wording.text, wording.bundle_id)


def known_again(session: Session, known: dict[int, Wording], ids: Iterable[int]) -> None:
    """Let this session know the wordings `known` from one before, and read those of `ids` that are new into it.

    A wording never changes, so it is read once. Whoever keeps `known` keeps them in the session.
    """
    session.add_all(known.values())
    new = set(ids) - known.keys()
    if new:
        known.update((row.id, row) for row in session.scalars(sa.select(Wording).where(Wording.id.in_(new))))


def digest_of(content: Content) -> str:
    """The same for the same parts and files only: JSON keeps them apart."""
    files = [] if content.bundle_id is None else [content.bundle_id]
    return sha256(json.dumps([content.subject, content.html, content.text, *files]).encode()).hexdigest()


def _known(session: Session, digest: str) -> Wording | None:
    return session.scalar(sa.select(Wording).where(Wording.digest == digest))


def _added(session: Session, digest: str, content: Content) -> Wording:
    said = {name: getattr(content, name) for name in ("subject", "html", "text", "bundle_id")}
    wording = Wording(digest=digest, **said)
    try:
        with session.begin_nested():
            session.add(wording)
    except IntegrityError:  # written by somebody else between the look and the insert
        known = _known(session, digest)
        assert known is not None
        return known
    return wording
