"""Snippets, favourite and recommended templates: what is at hand while somebody writes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.policies import change_policy
from sales_campaigns.campaigns.snippet_use import uses_of
from sales_campaigns.content.favourites import favourites_of, mark_favourite
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.snippets import (
    SnippetDraft,
    archive_snippet,
    create_snippet,
    edit_snippet,
    snippet_of,
    snippets_of,
)
from sales_campaigns.content.templates import TemplateDraft, create_template, edit_template
from sales_campaigns.deliveries.editing import change
from sales_campaigns.deliveries.group_use import deliveries_to_group
from sales_campaigns.deliveries.inputs import Audience
from sales_campaigns.deliveries.models import Delivery, DeliveryKind
from sales_campaigns.errors import Invalid, NotAllowed, NotFound
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.outbox.recommended import recommended
from sales_campaigns.people.groups import create_group
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_campaign, a_delivery, a_mail, a_wish
from tests.cast import Cast, a_person
from tests.conftest import Work

BOOKING = SnippetDraft("Booking", "<p>Pick a time: <a href='https://example.com/ana'>my calendar</a></p>")


def test_it_is_found_by_name_and_text_and_keeps_its_links(work: Work, cast: Cast) -> None:
    with work() as uow:
        create_snippet(uow, cast.ana, BOOKING)
        create_snippet(uow, cast.ana, SnippetDraft("Price", "<p>Too expensive?</p>"))
        [found] = snippets_of(uow.session, cast.ben, search="calendar")
        assert found.name == "Booking" and 'href="https://example.com/ana"' in found.html
        assert found.text == "Pick a time: [my calendar](https://example.com/ana)"
        assert [line.name for line in snippets_of(uow.session, cast.ben)] == ["Booking", "Price"]


def test_a_private_one_is_its_owner_s_and_one_of_another_team_is_nobody_s(work: Work, cast: Cast) -> None:
    with work() as uow:
        snippet = create_snippet(uow, cast.ana, SnippetDraft("Mine", "<p>Mine</p>", shared=False))
        assert snippets_of(uow.session, cast.ana) and not snippets_of(uow.session, cast.ben)
        for other in (cast.ben, cast.dirk):
            with pytest.raises(NotFound):
                edit_snippet(uow, other, snippet.id, BOOKING)


@pytest.mark.parametrize(
    ("draft", "problems"),
    [
        (SnippetDraft(" ", ""), {"name": "Give the snippet a name.", "html": "Write the text"}),
        (SnippetDraft("n" * 121, "<p>x</p>"), {"name": "120 characters"}),
        (SnippetDraft("Booking", "<p>x</p>"), {"name": "Another snippet of your team"}),
        (SnippetDraft("Broken", "<p>\n{{ oh</p>"), {"html": "line 2, column"}),
        (SnippetDraft("Long", "x" * 20_001), {"html": "20,000 characters"}),
    ],
)
def test_it_says_everything_that_is_wrong_at_once(
    draft: SnippetDraft, problems: dict[str, str], work: Work, cast: Cast
) -> None:
    with work() as uow:
        create_snippet(uow, cast.ana, BOOKING)
        with pytest.raises(Invalid) as refused:
            create_snippet(uow, cast.ana, draft)
    assert refused.value.problems.keys() == problems.keys()
    assert all(words in refused.value.problems[name] for name, words in problems.items())


def test_an_archived_one_is_offered_no_more_until_it_is_back(work: Work, cast: Cast) -> None:
    with work() as uow:
        snippet = create_snippet(uow, cast.ana, BOOKING)
        archive_snippet(uow, cast.ben, snippet.id)
        assert not snippets_of(uow.session, cast.ana)
        assert [line.name for line in snippets_of(uow.session, cast.ana, archived=True)] == ["Booking"]
        archive_snippet(uow, cast.ben, snippet.id, away=False)
        assert snippet_of(uow.session, cast.ana, snippet.id).archived_at is None


def test_content_lockdown_counts_for_snippets_too(work: Work, cast: Cast) -> None:
    with work() as uow:
        snippet = create_snippet(uow, cast.ana, BOOKING)
        change_policy(uow, cast.cleo, {"templates_locked": "1"})
        for act in (create_snippet, lambda uow, actor, draft: edit_snippet(uow, actor, snippet.id, draft)):
            with pytest.raises(NotAllowed):
                act(uow, cast.ana, SnippetDraft("Other", "<p>x</p>"))
        edit_snippet(uow, cast.cleo, snippet.id, SnippetDraft("Other", "<p>x</p>"))


def test_a_favourite_is_one_s_own_mark_and_twice_is_once(work: Work, cast: Cast) -> None:
    with work() as uow:
        template = create_template(uow, cast.ana, TemplateDraft("Opening", "Hi", "<p>Hi</p>"))
        for _ in range(2):
            mark_favourite(uow, cast.ben, template.id, wanted=True)
            uow.session.flush()
        assert favourites_of(uow.session, cast.ben) == {template.id}
        assert favourites_of(uow.session, cast.ana) == frozenset()
        mark_favourite(uow, cast.ben, template.id, wanted=False)
        uow.session.flush()
        assert favourites_of(uow.session, cast.ben) == frozenset()
        with pytest.raises(NotFound):
            mark_favourite(uow, cast.dirk, template.id, wanted=True)


def used(uow: UnitOfWork, cast: Cast, name: str, sent: int, answered: int, **columns: object) -> int:
    """A shared template whose words left so often; its id."""
    template = create_template(uow, cast.ana, TemplateDraft(name, name, "<p>Hi</p>"))
    delivery = Delivery(
        team_id=cast.ana.team_id,
        owner_id=cast.ana.id,
        kind=DeliveryKind.PERSONAL,
        name=name,
        created_at=uow.now,
    )
    uow.session.add(delivery)
    person = a_person(uow, cast.ana, f"{name}@example.com")
    row = {
        "team_id": cast.ana.team_id,
        "delivery_id": delivery.id,
        "email": person.email,
        "person_id": person.id,
        "sender_id": cast.ana.id,
        "mailbox_id": cast.ana_box.id,
        "wording_id": template.wording_id,
        "state": MessageState.SENT,
        "sent_at": uow.now,
        **dict.fromkeys(("due_at", "act_at", "valid_until", "created_at"), uow.now),
        **columns,
    }
    uow.session.execute(sa.insert(Message), [{**row, "occasion": n} for n in range(sent)])
    ids = uow.session.scalars(sa.select(Message.id).where(Message.delivery_id == delivery.id)).all()
    uow.session.add_all(
        ReceivedMail(
            team_id=cast.ana.team_id,
            mailbox_id=cast.ana_box.id,
            user_id=cast.ana.id,
            uid=f"{name}-{id}",
            at=uow.now,
            kind=MailKind.REPLY,
            answers_id=id,
            person_id=person.id,
            raw=b"",
        )
        for id in ids[:answered]
    )
    uow.session.flush()
    return template.id


def test_those_answered_most_are_recommended_with_their_figures(
    work: Work, cast: Cast, queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    """The rule: shared, at least 50 sent in the last 90 days, by the share of answers."""
    with work() as uow:
        used(uow, cast, "often", 60, 6)
        best = used(uow, cast, "best", 50, 10)
        used(uow, cast, "few", 49, 40)
        used(uow, cast, "old", 50, 20, sent_at=uow.now - timedelta(days=91))
        used(uow, cast, "rewritten", 50, 20, edited_html="<p>Mine</p>")
        used(uow, cast, "tests", 50, 20, proof=True)
        used(uow, cast, "silent", 80, 0)
        edit_template(uow, cast.ana, best, TemplateDraft("best", "best", "<p>Newer words</p>"))
    with work() as uow, queries() as seen:
        found = recommended(uow.session, cast.ben, uow.now)
        assert [(one.name, one.sent, one.answered) for one in found] == [("best", 50, 10), ("often", 60, 6)]
        assert found[0].figures == "20 % of 50 mails answered in 90 days"
        assert found[0].rate == 0.2 and len([one for one in seen if "SELECT" in one]) == 1
        assert recommended(uow.session, cast.dirk, uow.now) == []


def test_a_group_tells_which_deliveries_go_to_it(work: Work, cast: Cast) -> None:
    with work() as uow:
        group = create_group(uow, cast.ana, "Fair", shared=True)
        delivery = a_delivery(uow, cast.cleo, audience=Audience(groups=(group.id,)))
        assert [one.name for one in deliveries_to_group(uow.session, cast.ana, group.id)] == [delivery.name]
        assert deliveries_to_group(uow.session, cast.dirk, group.id) == []
        change(uow, cast.cleo, delivery.id, a_wish(uow, cast.cleo))
        uow.session.flush()
        assert deliveries_to_group(uow.session, cast.ana, group.id) == []


def test_a_snippet_tells_which_templates_campaigns_and_deliveries_say_its_words(
    work: Work, cast: Cast, queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    """The rule: “where is this used?” on templates, snippets, groups, schedules before an edit."""
    with work() as uow:
        html = "<p>Pick a time, {{ first_name }}: <a href='https://example.com/ana'>here</a>.</p>"
        snippet = create_snippet(uow, cast.ana, SnippetDraft("Booking", html))
        laid_out = f"<div>Hi!</div><div>Bye &amp; thanks</div>{html.replace('p>', 'div>')}"
        create_template(uow, cast.ana, TemplateDraft("Opening", "Hi", laid_out))
        create_template(uow, cast.ana, TemplateDraft("Changed", "Hi", html.replace("Pick", "Choose")))
        create_template(uow, cast.ben, TemplateDraft("Ben's own", "Hi", html, shared=False))
        create_template(uow, cast.dirk, TemplateDraft("Another team's", "Hi", html))
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, html=html), a_mail(uow, 2, html=html)])
        delivery = a_delivery(uow, cast.cleo, content=Content("News", html))
    with work() as uow, queries() as seen:
        found = [(one.kind, one.name) for one in uses_of(uow.session, cast.ana, snippet)]
    assert found == [("campaign", campaign.name), ("delivery", delivery.name), ("template", "Opening")]
    assert sum("SELECT" in one for one in seen) == 1
