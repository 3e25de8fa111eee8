"""Wordings are written once and shared: the same subject, HTML and text are one row."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content


def wording_of(session: Session, subject: str, html: str, text: str = "") -> Wording:
    """The row that says exactly this, made if it is new. Checks nothing: see `rendering.check`."""
    digest = digest_of(subject, html, text)
    return _known(session, digest) or _added(session, digest, subject, html, text)


def content_of(wording: Wording | None) -> Content:
    """What a wording says, for rendering; of none, an empty content."""
    return Content(wording.subject, wording.html, wording.text) if wording else Content("", "")


def known_again(session: Session, known: dict[int, Wording], ids: Iterable[int]) -> None:
    """Let this session know the wordings `known` from one before, and read those of `ids` that are new into it.

    A wording never changes, so it is read once. Whoever keeps `known` keeps them in the session.
    """
    session.add_all(known.values())
    new = set(ids) - known.keys()
    if new:
        known.update((row.id, row) for row in session.scalars(sa.select(Wording).where(Wording.id.in_(new))))


def digest_of(subject: str, html: str, text: str) -> str:
    """The same for the same three parts only: JSON keeps them apart."""
    return sha256(json.dumps([subject, html, text]).encode()).hexdigest()


def _known(session: Session, digest: str) -> Wording | None:
    return session.scalar(sa.select(Wording).where(Wording.digest == digest))


def _added(session: Session, digest: str, subject: str, html: str, text: str) -> Wording:
    wording = Wording(digest=digest, subject=subject, html=html, text=text)
    try:
        with session.begin_nested():
            session.add(wording)
    except IntegrityError:  # written by somebody else between the look and the insert
        known = _known(session, digest)
        assert known is not None
        return known
    return wording
