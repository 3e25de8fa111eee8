"""The first e-mail of a campaign, which a launch may say in other words for everybody or for one person."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.campaigns.models import CampaignVersion, Step
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.content.attachments import too_large
from sales_campaigns.content.bundles import enclosed
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content, render
from sales_campaigns.content.wordings import content_of
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.letters.writing import values_of
from sales_campaigns.people.models import Person


def automatic_mails(version: CampaignVersion) -> list[Step]:
    """The e-mail steps that leave by themselves, in order."""
    return [step for step in version.steps if step.kind is StepKind.EMAIL and not step.is_task]


def begins_with_a_mail(version: CampaignVersion) -> bool:
    """Whether the first e-mail leaves by itself. One that waits as a task is written when the task opens."""
    mails = (step for step in version.steps if step.kind is StepKind.EMAIL)
    return any(not step.is_task for step in list(mails)[:1])


def contents_of(session: Session, steps: Sequence[Step]) -> list[Content]:
    """What these steps say, in their order, in one query."""
    ids = {step.wording_id for step in steps}
    rows = session.scalars(sa.select(Wording).where(Wording.id.in_([id for id in ids if id])))
    known = {row.id: row for row in rows}
    return [content_of(known.get(step.wording_id or 0)) for step in steps]


def refuse_large_files(session: Session, version: CampaignVersion, mailbox: Mailbox) -> None:
    """The rule: files are checked against the channel's limit before anything is scheduled. Raises Invalid."""
    steps = automatic_mails(version)
    for step, content in zip(steps, contents_of(session, steps), strict=True):
        words = too_large([one.size for one in enclosed(session, content.bundle_id)], mailbox.largest_mail)
        if words:
            raise Invalid(f"Day {step.day}, step {step.number}: {words}")


def first_content(session: Session, version: CampaignVersion) -> Content | None:
    """The words of the first e-mail; None where a rep writes it, or there is none."""
    if not begins_with_a_mail(version):
        return None
    return contents_of(session, automatic_mails(version)[:1])[0]


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
