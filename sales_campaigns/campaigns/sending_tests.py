"""Every e-mail of a campaign to its own writer, as one person would get them: to be read before a launch."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.checks import wordings_of
from sales_campaigns.campaigns.drafts import Steps
from sales_campaigns.campaigns.lanes import subjects_of
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.variants import variant_for
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.wordings import content_of
from sales_campaigns.deliveries.proofs import person_for_test, send_test
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork


def send_tests(uow: UnitOfWork, actor: User, campaign_id: int, person_id: int | None) -> list[Message]:
    """Queue a test of each e-mail of the newest version, in their order; each is the variant that the person would get.

    The rule: “Send a test to me (one step or all, as rendered for a chosen person)”. Without a person, it is the
    actor's first one. Raises Invalid({"as": …}) with all that keeps one of them from being sent, and then none may be;
    NotFound for a person or a campaign of another team.
    """
    campaign = campaign_of(uow.session, actor, campaign_id)
    person = person_for_test(uow, actor, person_id)
    sent, wrong = [], []
    for place, content in _mails(uow.session, drafts_of(newest(uow.session, campaign)), person):
        try:
            sent.append(send_test(uow, actor, content, person.id))
        except Invalid as refusal:
            wrong.append(f"{place}: {' '.join(refusal.problems.values())}")
    if wrong or not sent:
        raise Invalid({"as": " ".join(wrong) or "There is no e-mail in this campaign yet."})
    return sent


def _mails(session: Session, steps: Steps, person: Person) -> Iterator[tuple[str, Content]]:
    """(place, what it says to this person). A follow-up takes over the subject that it answers."""
    wordings = wordings_of(session, steps)
    for step, subject in zip(steps, subjects_of(steps, wordings), strict=True):
        if step.kind is StepKind.EMAIL:
            said = variant_for(step.key, step.variants, person.email) or step
            content = content_of(wordings.get(said.wording_id or 0))
            yield (
                f"Day {step.day}, step {step.number}",
                Content(content.subject or subject, content.html, content.text, content.bundle_id),
            )
