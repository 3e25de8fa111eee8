"""The files of mails: kept once by what they contain, gathered in bundles that never change."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.content.attachments import Upload, clean_name, clean_type, refuse_uploads
from sales_campaigns.content.enclosing import file_part
from sales_campaigns.content.models import Attachment, AttachmentFile, Bundle
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.unit_of_work import UnitOfWork

Parts = tuple[bytes, ...]
_DIGEST = re.compile("[0-9a-f]{64}")
KEPT_BYTES = 64 * 1024 * 1024  # of files that are kept at hand while mails are made


@dataclass(frozen=True, slots=True)
class Enclosed:
    """One file of a bundle, for a list: `size` in bytes."""

    position: int
    name: str
    media_type: str
    size: int
    file_id: int
    digest: str


def bundle_named(session: Session, actor: User, digest: str) -> Bundle:
    """By its digest, which nobody can guess who has not seen it. Raises NotFound, also for another team's."""
    query = sa.select(Bundle).where(Bundle.digest == digest if _DIGEST.fullmatch(digest) else sa.false())
    if not sees_every_team(actor):
        query = query.where(Bundle.team_id == actor.team_id)
    bundle = session.scalars(query.order_by(Bundle.team_id != actor.team_id, Bundle.id)).first()
    if bundle is None:
        raise NotFound("This file is not there, or it belongs to another team.")
    return bundle


def enclosed(session: Session, bundle_id: int | None) -> list[Enclosed]:
    """The files of a bundle in order; of none, none."""
    if bundle_id is None:
        return []
    columns = (Attachment.position, Attachment.name, Attachment.media_type, AttachmentFile.size)
    query = (
        sa.select(*columns, AttachmentFile.id, AttachmentFile.digest)
        .join(AttachmentFile, AttachmentFile.id == Attachment.file_id)
        .where(Attachment.bundle_id == bundle_id)
        .order_by(Attachment.position)
    )
    return [Enclosed(*row) for row in session.execute(query)]


def gather(
    uow: UnitOfWork,
    actor: User,
    team_id: int,
    bundle_id: int | None,
    uploads: Sequence[Upload] = (),
    without: Collection[int] = (),
) -> int | None:
    """The bundle of a team with the files of another one, but those `without` (positions), and the uploads behind them.

    None when no file is left. Raises Invalid({"attach": words}): nothing of it is kept then.
    """
    require(actor, "work_tasks")
    kept = [one for one in enclosed(uow.session, bundle_id) if one.position not in without]
    refuse_uploads(uploads, [one.size for one in kept])
    added = [_taken_in(uow.session, upload) for upload in uploads]
    return bundle_with(uow.session, team_id, [*kept, *added]) if kept or added else None


def bundle_with(session: Session, team_id: int, files: Iterable[Enclosed]) -> int:
    """The team's bundle of exactly these, made if it is new."""
    rows = [(one.name, one.media_type, one.file_id, one.digest) for one in files]
    digest = sha256(json.dumps([[name, kind, held] for name, kind, _, held in rows]).encode()).hexdigest()
    same = sa.select(Bundle.id).where(Bundle.team_id == team_id, Bundle.digest == digest)
    known = session.scalar(same)
    if known is not None:
        return known
    bundle = Bundle(team_id=team_id, digest=digest)
    try:
        with session.begin_nested():
            session.add(bundle)
    except IntegrityError:  # made by somebody else between the look and the insert
        return session.scalars(same).one()
    session.add_all(
        Attachment(bundle_id=bundle.id, position=position, file_id=file_id, name=name, media_type=kind)
        for position, (name, kind, file_id, _) in enumerate(rows)
    )
    session.flush()
    return bundle.id


def content_at(session: Session, bundle: Bundle, position: int) -> tuple[Attachment, bytes]:
    """One file with its bytes. Raises NotFound, also for one that was withdrawn."""
    row = session.execute(
        sa.select(Attachment, AttachmentFile)
        .join(AttachmentFile, AttachmentFile.id == Attachment.file_id)
        .where(Attachment.bundle_id == bundle.id, Attachment.position == position)
        .options(undefer(AttachmentFile.content))
    ).first()
    if row is None or row.AttachmentFile.content is None:
        raise NotFound("This file is not there any more.")
    return row.Attachment, row.AttachmentFile.content


def uploads_of(session: Session, bundle_id: int) -> list[Upload]:
    """The files of a bundle with their bytes, for a database that has none of them."""
    return [Upload(one.name, one.media_type, content) for one, content in _held(session, bundle_id)]


def parts_of(session: Session, bundle_id: int | None, known: dict[int, Parts]) -> Parts:
    """The files of a bundle as parts of a mail, kept in `known` for the next mail that carries them.

    Raises Invalid when one of them was withdrawn or is damaged: a mail leaves whole, or not at all.
    """
    if bundle_id is None:
        return ()
    if bundle_id not in known:
        parts = tuple(
            file_part(one.name, one.media_type, content) for one, content in _held(session, bundle_id)
        )
        if sum(len(part) for held in (*known.values(), parts) for part in held) > KEPT_BYTES:
            known.clear()
        known[bundle_id] = parts
    return known[bundle_id]


def withdraw(uow: UnitOfWork, actor: User, bundle: Bundle, position: int) -> str:
    """Take a file out of everything that has not left, and out of the store; its name.

    Mails that would carry it are then mended by hand. The same file attached anew is there again.
    """
    require(actor, "manage_team")
    attachment, _ = content_at(uow.session, bundle, position)
    uow.session.execute(
        sa.update(AttachmentFile).where(AttachmentFile.id == attachment.file_id).values(content=None)
    )
    uow.record(
        "attachment.withdrawn", actor_id=actor.id, team_id=bundle.team_id, data={"name": attachment.name}
    )
    return attachment.name


def _held(session: Session, bundle_id: int) -> list[tuple[Attachment, bytes]]:
    rows = session.execute(
        sa.select(Attachment, AttachmentFile)
        .join(AttachmentFile, AttachmentFile.id == Attachment.file_id)
        .where(Attachment.bundle_id == bundle_id)
        .order_by(Attachment.position)
        .options(undefer(AttachmentFile.content))
        .execution_options(populate_existing=True)
    ).all()
    held = []
    for attachment, file in rows:
        content = file.content
        session.expunge(file)  # megabytes do not wait for the end of a transaction
        if content is None or sha256(content).hexdigest() != file.digest:
            raise Invalid({"attach": f"The file “{attachment.name}” is no longer there. Attach it anew."})
        held.append((attachment, content))
    return held


def _taken_in(session: Session, upload: Upload) -> Enclosed:
    """The file, kept once by its content; one that had been withdrawn has its bytes again."""
    name, digest = clean_name(upload.name), sha256(upload.content).hexdigest()
    file_id = _known_file(session, digest) or _added_file(session, digest, upload.content)
    empty = (AttachmentFile.id == file_id, AttachmentFile.content.is_(None))
    session.execute(sa.update(AttachmentFile).where(*empty).values(content=upload.content))
    return Enclosed(0, name, clean_type(upload.media_type, name), len(upload.content), file_id, digest)


def _known_file(session: Session, digest: str) -> int | None:
    return session.scalar(sa.select(AttachmentFile.id).where(AttachmentFile.digest == digest))


def _added_file(session: Session, digest: str, content: bytes) -> int:
    file = AttachmentFile(digest=digest, size=len(content), content=content)
    try:
        with session.begin_nested():
            session.add(file)
    except IntegrityError:  # taken in by somebody else between the look and the insert
        known = _known_file(session, digest)
        assert known is not None
        return known
    session.expunge(file)  # megabytes do not wait for the end of a transaction
    return file.id
