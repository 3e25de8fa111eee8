"""The first e-mail of a campaign, which a launch may say in other words for everybody or for one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.campaigns.models import CampaignVersion, Step
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.variants import variant_for
from sales_campaigns.content.attachments import too_large
from sales_campaigns.content.bundles import enclosed
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content, render
from sales_campaigns.content.wordings import content_of
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.letters.writing import values_of
from sales_campaigns.people.models import Person


def automatic_mails(version: CampaignVersion, first: int = 0) -> list[Step]:
    """The e-mail steps from the one at `first` on that leave by themselves, in order."""
    return [step for step in version.steps[first:] if step.kind is StepKind.EMAIL and not step.is_task]


def begins_with_a_mail(version: CampaignVersion, first: int = 0) -> bool:
    """Whether the first e-mail leaves by itself. One that waits as a task is written when the task opens."""
    mails = (step for step in version.steps[first:] if step.kind is StepKind.EMAIL)
    return any(not step.is_task for step in list(mails)[:1])


@dataclass(frozen=True, slots=True)
class Said:
    """What an e-mail step says: `content`, or where it is varied, by letter, what this person's variant says."""

    step: Step
    content: Content
    by_letter: Mapping[str, Content]

    def letter_for(self, person: Person) -> str:
        variant = variant_for(self.step.key, self.step.variants, person.email)
        return variant.key if variant is not None else ""

    def to(self, person: Person) -> Content:
        return self.by_letter.get(self.letter_for(person), self.content)

    def with_subject(self, subject: str) -> Said:
        """The same under this subject, where it has none of its own."""
        named = {key: replace(one, subject=one.subject or subject) for key, one in self.by_letter.items()}
        return replace(
            self, content=replace(self.content, subject=self.content.subject or subject), by_letter=named
        )


def mails_from(session: Session, version: CampaignVersion, first: int = 0) -> list[Said]:
    """What the mails say that leave by themselves. A follow-up that begins has the subject of its thread.

    The rule: a follow-up whose mail before it was left out goes out as a new thread.
    """
    mails = automatic_mails(version, first)
    found = contents_of(session, mails)
    if found and mails[0].follow_up:
        earlier = contents_of(session, version.steps[: mails[0].position])
        subject = next((one.content.subject for one in reversed(earlier) if one.content.subject), "")
        found[0] = found[0].with_subject(subject)
    return found


def contents_of(session: Session, steps: Sequence[Step]) -> list[Said]:
    """What these steps say, in their order, in one query."""
    ids = {id for step in steps for id in (step.wording_id, *(one.wording_id for one in step.variants))}
    rows = session.scalars(sa.select(Wording).where(Wording.id.in_([id for id in ids if id])))
    known = {row.id: content_of(row) for row in rows}
    return [
        Said(
            step,
            known.get(step.wording_id or 0, content_of(None)),
            {one.key: known[one.wording_id] for one in step.variants},
        )
        for step in steps
    ]


def refuse_large_files(session: Session, version: CampaignVersion, mailbox: Mailbox, first: int = 0) -> None:
    """The rule: files are checked against the channel's limit before anything is scheduled. Raises Invalid."""
    for said in contents_of(session, automatic_mails(version, first)):
        for content in (said.content, *said.by_letter.values()):
            sizes = [one.size for one in enclosed(session, content.bundle_id)]
            if words := too_large(sizes, mailbox.largest_mail):
                raise Invalid(f"Day {said.step.day}, step {said.step.number}: {words}")


def first_said(session: Session, version: CampaignVersion, first: int = 0) -> Said | None:
    """What the first e-mail from `first` on says; None where a rep writes it, or there is none."""
    if not begins_with_a_mail(version, first):
        return None
    return mails_from(session, version, first)[0]


def filled_in(content: Content, person: Person, sender: User, mailbox: Mailbox | None) -> tuple[str, str]:
    """Subject and HTML with this person's values in place of the fields, to be edited by hand.

    What stands in the values is guarded, because the words are read for fields once more when they are sent. Words
    that cannot be filled in for this person are given as they are.
    """
    try:
        rendered = render(content, values_of(person, sender, mailbox))
    except Invalid:
        return content.subject, content.html
    return _guarded(rendered.subject), _guarded(rendered.html)


def _guarded(words: str) -> str:
    """As text that shows braces, and is no field and no tag."""
    return words.replace("{", "{{ '{' }}") if "{{" in words or "{%" in words else words
