"""What a team's administrators lay down: content lockdown, sharing by category, limits of use."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.mailboxes import limit_mailbox
from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.policies import change_policy, limits_of, lock_on
from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.copying import archive_campaign, copy_campaign
from sales_campaigns.campaigns.creating import create_campaign
from sales_campaigns.campaigns.editing import delete_step
from sales_campaigns.content.templates import (
    TemplateDraft,
    archive_template,
    copy_template,
    create_template,
    edit_template,
)
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.errors import Invalid, NotAllowed
from sales_campaigns.people.groups import change_group, create_group
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work

HELLO = TemplateDraft("Hello", "Hi {{ first_name }}", "<p>Hi</p>", category="Legal")
Act = Callable[[UnitOfWork, User, int], object]
TEMPLATES: dict[str, Act] = {
    "create": lambda uow, who, _: create_template(uow, who, TemplateDraft("Another", "Hi", "<p>Hi</p>")),
    "edit or share": lambda uow, who, id: edit_template(uow, who, id, TemplateDraft("Hi", "Hi", "<p>Ho</p>")),
    "clone": lambda uow, who, id: copy_template(uow, who, id),
    "archive": lambda uow, who, id: archive_template(uow, who, id),
}
CAMPAIGNS: dict[str, Act] = {
    "create": lambda uow, who, _: create_campaign(uow, who, "Another"),
    "edit": lambda uow, who, id: delete_step(uow, who, id, "call"),
    "clone": lambda uow, who, id: copy_campaign(uow, who, id),
    "archive": lambda uow, who, id: archive_campaign(uow, who, id),
}


@pytest.mark.parametrize("act", TEMPLATES)
def test_under_lockdown_only_administrators_touch_templates(work: Work, cast: Cast, act: str) -> None:
    """The rule: non-admins cannot create, edit, share, clone, delete, archive."""
    with work() as uow:
        template = create_template(uow, cast.ana, HELLO)
        change_policy(uow, cast.cleo, {"templates_locked": "1"})
        with pytest.raises(NotAllowed, match="Templates are locked for your team"):
            TEMPLATES[act](uow, cast.ana, template.id)
        TEMPLATES[act](uow, cast.cleo, template.id)
        assert create_template(uow, cast.dirk, HELLO).team_id == cast.dirk.team_id, (
            "another team is not bound"
        )


@pytest.mark.parametrize("act", CAMPAIGNS)
def test_under_lockdown_only_administrators_touch_campaigns(work: Work, cast: Cast, act: str) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1, key="call"), a_call(2)])
        change_policy(uow, cast.cleo, {"campaigns_locked": "1"})
        with pytest.raises(NotAllowed, match="Campaigns are locked for your team"):
            CAMPAIGNS[act](uow, cast.ana, campaign.id)
        CAMPAIGNS[act](uow, cast.cleo, campaign.id)


def test_under_lockdown_a_rep_still_launches_and_changes_the_mail_there(work: Work, cast: Cast) -> None:
    """The rule: … but may edit a mail at send time."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
        person = a_person(uow, cast.ana)
        change_policy(uow, cast.cleo, {"campaigns_locked": "1", "templates_locked": "1"})
        own = {person.id: ("Only for you", "<p>Hello</p>")}
        assert launch(uow, cast.ana, Order(campaign.id, [person.id], words=own)).started == 1


def test_into_a_guarded_category_only_administrators_share(work: Work, cast: Cast) -> None:
    with work() as uow:
        change_policy(uow, cast.cleo, {"guarded_categories": " legal \n\nlegal\nPricing"})
        with pytest.raises(Invalid) as refused:
            create_template(uow, cast.ana, HELLO)
        assert refused.value.problems.keys() == {"shared"}
        private = TemplateDraft("Hello", HELLO.subject, HELLO.html, category="Legal", shared=False)
        kept = create_template(uow, cast.ana, private)
        with pytest.raises(Invalid, match="Only administrators share"):
            edit_template(uow, cast.ana, kept.id, HELLO)
        assert edit_template(uow, cast.cleo, kept.id, HELLO).shared
        words = TemplateDraft("Hello", "Other words", HELLO.html, category="Legal")
        assert edit_template(uow, cast.ana, kept.id, words).version == 2, "what is shared already stays so"


def test_into_a_guarded_category_only_administrators_share_groups_too(work: Work, cast: Cast) -> None:
    """The rule: sharing of templates and groups by category."""
    with work() as uow:
        free = create_group(uow, cast.ana, "Fair", shared=True, category=" Legal ")
        change_policy(uow, cast.cleo, {"guarded_categories": "legal"})
        with pytest.raises(Invalid, match="Only administrators share groups in “Legal”"):
            create_group(uow, cast.ana, "Courts", shared=True, category="Legal")
        own = create_group(uow, cast.ana, "Courts", category="Legal")
        for shared, category in ((True, None), (True, "LEGAL")):
            with pytest.raises(Invalid) as refused:
                change_group(uow, cast.ana, own.id, name="Courts", shared=shared, category=category)
            assert refused.value.problems.keys() == {"shared"}
        assert change_group(uow, cast.ana, free.id, name="Fairs", shared=True).category == "Legal", "it stays"
        assert change_group(uow, cast.cleo, own.id, name="Courts", shared=True).shared
        with pytest.raises(Invalid) as refused:
            create_group(uow, cast.ana, "Long", category="x" * 121)
        assert refused.value.problems.keys() == {"category"}


def test_a_launch_is_limited_as_the_team_has_laid_down(work: Work, cast: Cast) -> None:
    """The rule: 200 people per launch by a rep, configurable."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1)])
        people = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(3)]
        change_policy(uow, cast.cleo, {"people_per_launch": "2"})
        with pytest.raises(NotAllowed, match="more than 2 people at once"):
            launch(uow, cast.ana, Order(campaign.id, people))
        assert launch(uow, cast.ana, Order(campaign.id, people[:2])).started == 2


def test_so_many_launches_on_one_day(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1)])
        people = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(3)]
        change_policy(uow, cast.cleo, {"launches_per_day": "2"})
        for one in people[:2]:
            launch(uow, cast.ana, Order(campaign.id, [one]))
        with pytest.raises(NotAllowed, match="You have launched 2 times today"):
            launch(uow, cast.ana, Order(campaign.id, people[2:]))


def test_a_mailbox_takes_no_more_mails_a_day_than_the_team_has_laid_down(work: Work, cast: Cast) -> None:
    """The rule: 1,000 mails per user and day, configurable."""
    with work() as uow:
        with pytest.raises(Invalid, match="at most 1,000 mails a day"):
            limit_mailbox(uow, cast.ana, "1001")
        limit_mailbox(uow, cast.ana, "900")
        change_policy(uow, cast.cleo, {"mails_per_day": "300"})
        limits = dict(uow.session.execute(sa.select(Mailbox.user_id, Mailbox.daily_limit)).all())
        assert limits == {cast.ana.id: 300, cast.ben.id: 300, cast.dirk.id: 500}
        with pytest.raises(Invalid, match="at most 300 mails a day"):
            limit_mailbox(uow, cast.ana, "301")


@pytest.mark.parametrize("name", ["people_per_launch", "launches_per_day", "mails_per_day"])
@pytest.mark.parametrize("typed", ["0", "-1", "many", "1.5", "1000000"])
def test_a_limit_is_a_whole_number(work: Work, cast: Cast, name: str, typed: str) -> None:
    with work() as uow, pytest.raises(Invalid) as refused:
        change_policy(uow, cast.cleo, {name: typed})
    assert refused.value.problems.keys() == {name}


def test_nothing_typed_is_the_usual_and_a_change_is_noted(work: Work, cast: Cast) -> None:
    with work() as uow:
        change_policy(uow, cast.cleo, {"templates_locked": "1", "launches_per_day": "7"})
        change_policy(uow, cast.cleo, {})
        limits = limits_of(uow.session, cast.ana.team_id)
        assert (limits.people_per_launch, limits.launches_per_day, limits.mails_per_day) == (None, 200, 1_000)
        assert lock_on(uow.session, cast.ana, "edit_templates") == ""
        assert uow.session.scalars(sa.select(Activity.kind)).all() == ["policy.changed"] * 2
        with pytest.raises(NotAllowed):
            change_policy(uow, cast.ana, {})
