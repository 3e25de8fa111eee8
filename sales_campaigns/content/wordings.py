"""Wordings are written once and shared: the same subject, HTML and text are one row."""

from __future__ import annotations

import json
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
