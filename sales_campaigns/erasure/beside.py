"""What names a person without leading to them: letters, files of rows left out, rehearsals, and words only they got."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.content.models import Attachment, AttachmentFile, Bundle, Wording
from sales_campaigns.erasure.subjects import Subject, mentions
from sales_campaigns.erasure.traces import ERASED
from sales_campaigns.messages.models import Message
from sales_campaigns.schema import METADATA

# Table → columns in which an address may stand. Rows that hold it go, or say something else from then on.
GO = {
    "bad_row": ("cells",),
    "rehearsed_mail": ("person", "sender", "subject", "text", "html"),
    "rehearsal": ("asked", "foreseen", "happened", "endings"),
    "unknown_bounce": ("text", "example"),
    "test_profile": ("email",),
    "bucket": ("key",),
    "crm_contact": ("email",),
    "webhook_call": ("payload",),
}
_WORDING = METADATA.tables["message"].c.wording_id
# What is told to users and programs stays as a row: it says that something was told, so that it is not told twice.
TOLD = (
    ("user_letter", ("subject", "text"), {"subject": ERASED, "text": ""}),
    ("kept_answer", ("body",), {"body": "{}"}),
)
COPIED = (("message", "cc"), ("message", "bcc"), ("draft", "cc"), ("draft", "bcc"))


def own_content(session: Session, subject: Subject) -> tuple[set[int], set[int]]:
    """Wordings and bundles of mails to this person: those that nobody else has are forgotten with them."""
    found = []
    for column in ("wording_id", "bundle_id"):
        ids: set[int] = set()
        for table in (
            METADATA.tables[name] for name in ("message", "draft") if column in METADATA.tables[name].c
        ):
            theirs = table.c.person_id.in_(subject.ids)
            ids |= set(
                session.scalars(sa.select(table.c[column]).where(theirs, table.c[column].is_not(None)))
            )
        found.append(ids)
    return found[0], found[1]


def forget_mentions(session: Session, subject: Subject) -> None:
    """Looked for by address; in letters to users by name, too. One pass over a table for each address."""
    for email, name in subject.pseudonyms.items():
        for table, columns in GO.items():
            rows = METADATA.tables[table]
            session.execute(sa.delete(rows).where(sa.or_(*(mentions(rows.c[one], email) for one in columns))))
        for table, column in COPIED:
            _replace(session, METADATA.tables[table], column, email, name)
        _forget_in_activity(session, email)
    for words in subject.names | set(subject.pseudonyms):
        for table, columns, silent in TOLD:
            rows = METADATA.tables[table]
            named = sa.or_(*(mentions(rows.c[one], words) for one in columns))
            session.execute(sa.update(rows).where(named).values(silent))


def forget_wordings(session: Session, subject: Subject, ids: Iterable[int]) -> None:
    """A rep's own words for mails to this person. What others got, too, and what stands in a step, is counted by."""
    others = sa.exists().where(Message.wording_id == Wording.id, Message.person_id.not_in(subject.ids))
    free = (Wording.id.in_(list(ids)), ~others, *_unused("wording", "message"))
    own = session.execute(sa.select(Wording.id, Wording.bundle_id).where(*free)).all()
    gone = [id for id, _ in own]
    session.execute(sa.update(METADATA.tables["message"]).where(_WORDING.in_(gone)).values(wording_id=None))
    session.execute(sa.delete(METADATA.tables["wording"]).where(METADATA.tables["wording"].c.id.in_(gone)))
    forget_files(session, {bundle for _, bundle in own if bundle is not None})


def forget_files(session: Session, bundle_ids: Iterable[int]) -> None:
    """The files of these bundles that go with nothing else."""
    own = sa.select(Bundle.id).where(Bundle.id.in_(list(bundle_ids)), *_unused("bundle", "attachment"))
    ids = list(session.scalars(own))
    files = set(session.scalars(sa.select(Attachment.file_id).where(Attachment.bundle_id.in_(ids))))
    session.execute(sa.delete(Attachment).where(Attachment.bundle_id.in_(ids)))
    session.execute(sa.delete(Bundle).where(Bundle.id.in_(ids)))
    session.execute(
        sa.delete(AttachmentFile).where(AttachmentFile.id.in_(files), *_unused("attachment_file"))
    )


def _unused(table: str, *besides: str) -> Sequence[sa.ColumnElement[bool]]:
    """No row of the schema points at it, but for those of the tables `besides`."""
    wanted = METADATA.tables[table].c.id
    return [
        ~sa.exists().where(column == wanted).correlate(METADATA.tables[table])
        for rows in METADATA.tables.values()
        if rows.name not in besides
        for column in rows.columns
        if any(key.column is wanted for key in column.foreign_keys)
    ]


def _replace(session: Session, rows: sa.Table, column: str, email: str, name: str) -> None:
    held = rows.c[column].icontains(email, autoescape=True)
    found = session.execute(sa.select(rows.c.id, rows.c[column]).where(held)).all()
    for id, written in found:
        words = [name if word.lower() == email else word for word in written.split()]
        session.execute(sa.update(rows).where(rows.c.id == id).values({column: " ".join(words)}))


def _forget_in_activity(session: Session, email: str) -> None:
    """Such as the block of an address, which names it and no person."""
    rows = METADATA.tables["activity"]
    found = session.execute(sa.select(rows.c.id, rows.c.data).where(mentions(rows.c.data, email))).all()
    for id, data in found:
        left = {name: value for name, value in data.items() if email not in str(value).lower()}
        session.execute(sa.update(rows).where(rows.c.id == id).values(data=left))
