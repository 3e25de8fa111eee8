"""Opens, clicks and opt-outs in every report: unique and total, machines beside, each from the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import sqlalchemy as sa

from sales_campaigns.analytics.periods import Period, last_days
from sales_campaigns.analytics.reading import (
    figures_by_campaign,
    figures_by_template,
    figures_by_user,
    figures_of_team,
)
from sales_campaigns.analytics.wordings import figures_by_wording
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.content.templates import TemplateDraft, create_template, edit_template
from sales_campaigns.content.wordings import wording_of
from sales_campaigns.enrollments.explaining.figures import Figures, figures_of
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.models import Message
from sales_campaigns.tracking.figures import engagement_of
from sales_campaigns.tracking.models import EventKind
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.engagement import answered, did, leave, sent_mails


def today(uow: UnitOfWork) -> Period:
    return last_days(uow.now.date(), 7)


def some_did(uow: UnitOfWork, cast: Cast) -> tuple[Campaign, list[Message]]:
    """Four mails: one opened twice, one clicked, one by a machine only, one answered and opted out of."""
    campaign, mails = sent_mails(uow, cast, *(f"p{n}@example.com" for n in range(4)))
    did(uow, mails[0], EventKind.OPEN, EventKind.OPEN)
    did(uow, mails[1], EventKind.CLICK)
    did(uow, mails[2], EventKind.OPEN, EventKind.CLICK, machine="scanner")
    did(uow, mails[3], EventKind.OPT_OUT)
    answered(uow, mails[3:])
    uow.record("reply.received", message_id=mails[3].id, campaign_id=campaign.id)
    return campaign, mails


def report(work: Work, campaign: Campaign) -> Figures:
    with work() as uow:
        return figures_of(uow.session, uow.session.get_one(Campaign, campaign.id))


def test_the_report_of_a_campaign(work: Work, cast: Cast) -> None:
    """The rule: opens and clicks are distinct recipients of the delivered; a click implies an open."""
    with work() as uow:
        campaign, _ = some_did(uow, cast)
    found = report(work, campaign)
    expected = {"sent": 4, "delivered": 4, "opened": 2, "clicked": 1, "replied": 1, "opted_out": 1}
    totals = {"opens": 2, "clicks": 1, "replies": 1, "machine_opens": 1, "machine_clicks": 1}
    for funnel in (found.steps[0].funnel, found.mails, found.reps[0].funnel):
        assert {**asdict(funnel), **expected, **totals} == asdict(funnel)
    (moment,) = found.moments.values()
    assert {**asdict(moment), **expected, **totals} == asdict(moment)
    assert [(rep.name, rep.people) for rep in found.reps] == [("Ana Lind", 4)]


def test_the_figures_of_a_campaign_are_those_of_its_deliveries(work: Work, cast: Cast) -> None:
    """Two ways of counting, one truth."""
    with work() as uow:
        campaign, _ = some_did(uow, cast)
        other = engagement_of(uow.session, Message.campaign_id == campaign.id)
    mails = report(work, campaign).mails
    assert (other.opened, other.clicked, other.opted_out) == (mails.opened, mails.clicked, mails.opted_out)
    assert (other.machine_opens, other.machine_clicks) == (mails.machine_opens, mails.machine_clicks)


def test_what_came_back_is_neither_delivered_nor_opened(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign, mails = some_did(uow, cast)
        mails[0].state = "failed"  # type: ignore[assignment]
    funnel = report(work, campaign).steps[0].funnel
    assert (funnel.sent, funnel.delivered, funnel.opened, funnel.failed) == (4, 3, 1, 1)


def test_analytics_counts_people_and_times_and_machines_apart(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign, _ = some_did(uow, cast)
        by_user = figures_by_user(uow.session, cast.ana, today(uow))[cast.ana.id]
        by_campaign = figures_by_campaign(uow.session, cast.ana, today(uow), None)[campaign.id]
        team = figures_of_team(uow.session, cast.ana, today(uow))
        for one in (by_user, by_campaign, team):
            assert (one.people, one.openers, one.clickers, one.repliers) == (4, 2, 1, 1)
            assert (one.opens, one.clicks, one.machine_opens, one.machine_clicks) == (2, 1, 1, 1)
            assert (one.open_rate, one.click_rate) == (0.5, 0.25)
        assert figures_of_team(uow.session, cast.dirk, today(uow)).people == 0


def test_an_open_counts_on_the_day_it_came(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign, mails = sent_mails(uow, cast, "ida@example.com")
        did(uow, mails[0], EventKind.OPEN, at=uow.now - timedelta(days=7))
        now, before = today(uow), today(uow).before
        figures = [figures_by_campaign(uow.session, cast.ana, one, None) for one in (now, before)]
        assert [one[campaign.id].openers for one in figures] == [0, 1]


def test_a_variant_counts_for_the_template_it_was_taken_from(work: Work, cast: Cast) -> None:
    with work() as uow:
        step = a_mail(uow, 1, from_template="Plain")
        _, mails = sent_mails(uow, cast, "ida@example.com", step=step)
        did(uow, mails[0], EventKind.OPEN)
        assert figures_by_template(uow.session, cast.ana, today(uow))["Plain"].openers == 1


def test_each_version_of_a_template_has_its_own_figures(work: Work, cast: Cast) -> None:
    with work() as uow:
        template = create_template(uow, cast.ana, TemplateDraft("Hello", "One", "<p>1</p>"))
        first = template.wording_id
        _, mails = sent_mails(
            uow, cast, "a@example.com", "b@example.com", step=a_mail(uow, 1, wording_id=first)
        )
        did(uow, mails[0], EventKind.OPEN, EventKind.OPEN, EventKind.CLICK)
        did(uow, mails[1], EventKind.OPEN, machine="scanner")
        answered(uow, mails[:1])
        edit_template(uow, cast.ana, template.id, TemplateDraft("Hello", "Two", "<p>2</p>"))
        found = figures_by_wording(uow.session, cast.ana.team_id, {first, template.wording_id})
        one, two = found[first], found[template.wording_id]
        assert (one.sent, one.delivered, one.opened, one.clicked, one.replied) == (2, 2, 1, 1, 1)
        assert two.sent == 0
        other = wording_of(uow.session, "Nobody sent this", "<p>-</p>").id
        assert figures_by_wording(uow.session, cast.dirk.team_id, {first, other})[first].sent == 0


def test_they_cost_the_same_however_many_people_there_are(
    work: Work, cast: Cast, queries: Callable[[], object]
) -> None:
    with work() as uow:
        campaign, _ = some_did(uow, cast)

    def needed() -> int:
        with work() as uow, queries() as seen:  # type: ignore[attr-defined]
            figures_of(uow.session, uow.session.get_one(Campaign, campaign.id))
            figures_by_user(uow.session, cast.ana, today(uow))
            figures_of_team(uow.session, cast.ana, today(uow))
            return len(seen)

    before = needed()
    with work() as uow:
        people = [a_person(uow, cast.ana, f"q{n}@example.com").id for n in range(20)]
        launch(uow, cast.ana, Order(campaign.id, people))
        leave(uow, campaign)
        for id in uow.session.scalars(sa.select(Message.id)):
            did(uow, uow.session.get_one(Message, id), EventKind.OPEN)
    assert needed() == before
