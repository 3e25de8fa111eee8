"""A mail while a rep writes it: what the editor opens with, what is missing, what it will look like, its check."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.channels.models import why_not_as
from sales_campaigns.accounts.channels.reading import what_lacks
from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.addresses import copies_typed
from sales_campaigns.content.attachments import too_large
from sales_campaigns.content.html import for_frame
from sales_campaigns.content.liquid import parse
from sales_campaigns.content.quoting import reply_subject
from sales_campaigns.content.rendering import Content, MissingFields, check, render
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.letters.writing import parties_of, rendered, values_of
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import LEFT
from sales_campaigns.people.models import Person

_PROMPT = re.compile(r"\{\{-?\s*!(.*?)-?\}\}", re.DOTALL)
_MARK = re.compile("\ue100(\\d+)\ue101")
_BRACES = re.compile(r"\{(?=[{%])")
LITERAL = '{{ "{" }}'


@dataclass(frozen=True, slots=True)
class Words:
    """Subject and HTML as the editor shows them. `missing`: fields that this person has no value for."""

    subject: str
    html: str
    missing: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes beside the words: copies (addresses with spaces between), and the files."""

    cc: str = ""
    bcc: str = ""
    bundle_id: int | None = None


ALONE = Beside()


@dataclass(frozen=True, slots=True)
class Typed:
    """What the rep wrote and chose. `send_at` None is now; `cc` and `bcc` as typed; `key` names the form.

    `bundle_id` names the files, which have `sizes` bytes. `despite_opt_out`: the rep read the notice that this person
    unsubscribed, and answers all the same.
    """

    subject: str
    html: str
    send_at: datetime | None = None
    cc: str = ""
    bcc: str = ""
    key: str = ""
    despite_opt_out: bool = False
    bundle_id: int | None = None
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """The mail as the person gets it, safe for a sandboxed frame; `problems` says why it cannot be shown."""

    subject: str
    html: str
    problems: tuple[str, ...] = ()


def words_for(content: Content, person: Person, sender: User, mailbox: Mailbox | None) -> Words:
    """The content filled in for this person; prompts, and fields without a value, stand as they are written.

    The editor's text is rendered again when it leaves, so braces that came with a value are made literal.
    """
    kept: list[str] = []
    found = {name: _literal(value, kept) for name, value in values_of(person, sender, mailbox).items()}
    prompts = tuple(" ".join(match[1].split()) for match in _PROMPT.finditer(content.subject + content.html))
    marked = replace(
        content, subject=_marked(content.subject, kept), html=_marked(content.html, kept), text=""
    )
    missing: tuple[str, ...] = ()
    try:
        shown = render(marked, found)
    except MissingFields as error:
        missing = error.fields
        as_written = {name: _mark(f"{{{{ {name} }}}}", kept) for name in missing}
        shown = render(marked, {**found, **as_written})
    return Words(_unmarked(shown.subject, kept), _unmarked(shown.html, kept), missing, prompts)


def opening_subject(words: Words, earlier: Message | None) -> str:
    """The rule: an answer in a thread is called Re: and the subject of the mail that really left."""
    return words.subject or (reply_subject(earlier.subject) if earlier else "")


def check_typed(
    typed: Typed, person: Person, sender: User, mailbox: Mailbox, now: datetime
) -> dict[str, str]:
    """The copies, `cc` and `bcc`, as a message stores them. Raises Invalid with everything that is wrong."""
    problems = _problems_of_words(typed, values_of(person, sender, mailbox))
    copies: dict[str, str] = {}
    try:
        copies = copies_typed({"cc": typed.cc, "bcc": typed.bcc})
    except Invalid as error:
        problems |= error.problems
    if large := too_large(typed.sizes, mailbox.largest_mail):
        problems["attach"] = large
    if typed.send_at is not None and typed.send_at <= now:
        problems["send_at"] = "Choose a time that is still to come."
    if problems:
        raise Invalid(problems)
    return copies


def look_of(session: Session, message: Message) -> Look:
    """The whole mail, with signature and what it quotes. The message need not be in the database."""
    try:
        shown = rendered(session, message, parties_of(session, message))
    except MissingFields as error:
        return Look("", "", tuple(f"{_words(name)} is missing for this person." for name in error.fields))
    except Invalid as error:
        return Look("", "", tuple(error.problems.values()))
    return Look(shown.subject, for_frame(shown.html))


def follows(session: Session, message_id: int | None) -> Message | None:
    """The mail that a new one answers, if it really left."""
    earlier = session.get(Message, message_id) if message_id else None
    return earlier if earlier is not None and earlier.state in LEFT else None


def mailboxes_of(session: Session, user: User) -> list[Mailbox]:
    """The user's own, the first is the one that is used unless another is named."""
    return list(session.scalars(sa.select(Mailbox).where(Mailbox.user_id == user.id).order_by(Mailbox.id)))


def own_mailbox(session: Session, user: User) -> Mailbox:
    """Raises Invalid when there is none, and for one whose identity is not verified any more."""
    for mailbox in mailboxes_of(session, user):
        if words := why_not_as(mailbox):
            raise Invalid(words)
        return mailbox
    raise Invalid(what_lacks(session, user))


def _problems_of_words(typed: Typed, values: Mapping[str, str]) -> dict[str, str]:
    try:
        check(Content(typed.subject, typed.html), automatic=False)
        for part, source in (("subject", typed.subject), ("html", typed.html)):
            for prompt in parse(source, part=part, html=part == "html").prompts:
                return {part: f"Fill in “{prompt}”, or remove it."}
        render(Content(typed.subject, typed.html), values)
    except MissingFields as error:
        names = ", ".join(_words(name) for name in error.fields)
        return {"html": f"Not known of this person: {names}. Write it here, or add it to the person."}
    except Invalid as error:
        return dict(error.problems)
    return {}


def _words(name: str) -> str:
    return name.replace("_", " ")


def _literal(value: str, kept: list[str]) -> str:
    return _BRACES.sub(lambda _: _mark(LITERAL, kept), _MARK.sub("", value))


def _marked(source: str, kept: list[str]) -> str:
    return _PROMPT.sub(lambda match: _mark(match[0], kept), _MARK.sub("", source))


def _mark(words: str, kept: list[str]) -> str:
    kept.append(words)
    return f"\ue100{len(kept) - 1}\ue101"


def _unmarked(text: str, kept: Iterable[str]) -> str:
    words = list(kept)
    return _MARK.sub(lambda match: words[int(match[1])], text)
