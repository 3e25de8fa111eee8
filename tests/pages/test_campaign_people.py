"""The people of a campaign and one person's way: where each one is, what comes next, when, and why."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.enrollments.progress import complete_task
from sales_campaigns.messages.models import Message
from sales_campaigns.people.groups import add_to_group, create_group
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task
from tests.builders import a_call, a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import plain, text

Browse = Callable[[User], Browser]
Queries = Callable[[], AbstractContextManager[list[str]]]


def started(work: Work, cast: Cast, number: int = 1, name: str = "Q4 outreach") -> int:
    """A campaign with a mail at ten, a call on day 2 and a follow-up on day 3; the id of the campaign."""
    with work() as uow:
        steps = [a_mail(uow, 1, at="10:00"), a_call(2), a_follow_up(uow, 3)]
        campaign = a_campaign(uow, cast.ana, steps, name=name)
        ids = [
            a_person(uow, cast.ana, f"{name[:2]}{n}@example.com", last_name=f"Nr {n:02}").id
            for n in range(number)
        ]
        launch(uow, cast.ana, Order(campaign.id, ids))
        return campaign.id


def enrollments(work: Work) -> list[Enrollment]:
    with work() as uow:
        return list(uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id)))


def test_each_line_says_state_next_step_when_and_why(browse: Browse, work: Work, cast: Cast) -> None:
    campaign_id = started(work, cast)
    shown = text(browse(cast.ana).get(f"/campaigns/{campaign_id}/people").text)
    assert (
        "Maria Nr 00 Fjord Energy On the way Quick question, [first name] day 1, step 1 · scheduled" in shown
    )
    assert "Mon 30 Nov 10:00 Stockholm Waits for its time. Why? Every gate in order Ana Lind" in shown


def test_it_narrows_by_state_and_words_and_the_part_is_in_the_whole(
    browse: Browse, work: Work, cast: Cast
) -> None:
    campaign_id, ana = started(work, cast, 3), browse(cast.ana)
    ana.post(f"/enrollments/{enrollments(work)[0].id}/pause")
    url = f"/campaigns/{campaign_id}/people"
    whole, part = ana.get(f"{url}?state=paused").text, ana.get(f"{url}?state=paused", htmx=True).text
    assert "<html" not in part and plain(part) in plain(whole)
    assert "Nr 00" in part and "Nr 01" not in part and "is paused in the campaign; dates move" in part
    assert "Nr 02" in (found := ana.get(f"{url}?words=Nr+02").text) and "Nr 01" not in found
    assert "Nobody found" in ana.get(f"{url}?words=nobody").text


def test_it_pages_by_key_and_misses_nobody(browse: Browse, work: Work, cast: Cast) -> None:
    url: str = f"/campaigns/{started(work, cast, 60)}/people"
    ana, seen = browse(cast.ana), []
    while url:
        shown = ana.get(url).text
        seen += re.findall(r"<strong>Maria (Nr \d+)", shown)
        following = re.search(r'href="(/campaigns/\d+/people\?after=[^"]+)"', shown)
        url = following[1] if following else ""
    assert seen == [f"Nr {n:02}" for n in reversed(range(60))]


def test_the_number_of_queries_does_not_grow_with_the_people(
    browse: Browse, work: Work, cast: Cast, queries: Queries
) -> None:
    ana, counts = browse(cast.ana), []
    for number, name in ((5, "Few"), (50, "Many")):
        campaign_id = started(work, cast, number, name)
        with queries() as seen:
            ana.get(f"/campaigns/{campaign_id}/people")
        counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("do", "state", "words"),
    [
        ("pause", "paused", "2 people paused."),
        ("remove", "ended", "2 people removed"),
        ("success", "ended", "2 people marked"),
    ],
)
def test_several_are_acted_on_at_once(
    browse: Browse, work: Work, cast: Cast, do: str, state: str, words: str
) -> None:
    campaign_id, ana = started(work, cast, 3), browse(cast.ana)
    chosen = [str(one.id) for one in enrollments(work)[:2]]
    url = f"/campaigns/{campaign_id}/people"
    assert ana.post(f"{url}/bulk", {"do": do, "enrollment": chosen}).status_code == 303
    assert words in ana.get(url).text
    assert [one.state for one in enrollments(work)] == [state, state, "active"]
    if do == "pause":
        ana.post(f"{url}/bulk", {"do": "resume", "enrollment": chosen})
        assert [one.state for one in enrollments(work)] == ["active"] * 3


def test_it_counts_who_is_stuck_behind_a_task_by_rep(
    browse: Browse, work: Work, cast: Cast, app: Flask
) -> None:
    """The rule: the campaign page counts who is stuck behind a task, by rep; so do the report's command and the API."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1), a_mail(uow, 2)])
        ids = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(5)]
        launch(uow, cast.ana, Order(campaign.id, ids))
        open_due(uow)
        tasks = uow.session.scalars(sa.select(Task).order_by(Task.id)).all()
        tasks[0].assignee_id = cast.ben.id
        complete_task(uow, cast.ana, tasks[4])
    shown = text(browse(cast.ana).get(f"/campaigns/{campaign.id}/people").text)
    assert "Waiting behind a task: Ana Lind 3 people; Ben Okafor 1 person." in shown
    told = json.loads(
        app.test_cli_runner().invoke(args=["campaign", "report", campaign.name, "--json"]).output
    )["behind"]
    assert [(one["user"], one["people"]) for one in told] == [("Ana Lind", 3), ("Ben Okafor", 1)]


def test_choosing_nobody_or_nothing_is_refused_with_words(browse: Browse, work: Work, cast: Cast) -> None:
    url, ana = f"/campaigns/{started(work, cast)}/people/bulk", browse(cast.ana)
    assert "Choose at least one person" in ana.post(url, {"do": "pause"}).text
    assert ana.post(url, {"do": "explode", "enrollment": "1"}).status_code == 422


def test_people_of_another_campaign_are_not_touched(browse: Browse, work: Work, cast: Cast) -> None:
    started(work, cast, name="Ours")
    other = started(work, cast, name="Theirs")
    browse(cast.ana).post(
        f"/campaigns/{other}/people/bulk", {"do": "remove", "enrollment": str(enrollments(work)[0].id)}
    )
    assert {one.state for one in enrollments(work)} == {"active"}


def test_the_campaign_is_paused_and_goes_on(browse: Browse, work: Work, cast: Cast) -> None:
    campaign_id, ana = started(work, cast), browse(cast.ana)
    ana.post(f"/campaigns/{campaign_id}/pause")
    shown = text(ana.get(f"/campaigns/{campaign_id}/people").text)
    assert (
        "Paused: nothing leaves and no task opens." in shown and "The campaign is paused; dates move" in shown
    )
    assert ana.post(f"/campaigns/{campaign_id}/pause").status_code == 409
    ana.post(f"/campaigns/{campaign_id}/resume")
    with work() as uow:
        assert uow.session.get_one(Campaign, campaign_id).state == "active"


def test_a_launch_is_taken_back(browse: Browse, work: Work, cast: Cast) -> None:
    campaign_id, ana = started(work, cast, 2), browse(cast.ana)
    url = f"/campaigns/{campaign_id}/people"
    take_back = re.search(r'action="(/campaigns/\d+/launches/\d+/take-back)"', ana.get(url).text)
    assert take_back is not None
    assert take_back[1] not in browse(cast.ben).get(url).text, "a colleague has no such button"
    assert browse(cast.ben).post(take_back[1]).status_code == 403
    ana.post(take_back[1])
    assert "Taken back: it ended for 2 people." in ana.get(url).text
    with work() as uow:
        assert set(uow.session.scalars(sa.select(Message.state))) == {"cancelled"}


def test_another_teams_campaign_and_way_are_not_there(browse: Browse, work: Work, cast: Cast) -> None:
    campaign_id = started(work, cast)
    one, dirk = enrollments(work)[0].id, browse(cast.dirk)
    assert dirk.get(f"/campaigns/{campaign_id}/people").status_code == 404
    assert dirk.get(f"/enrollments/{one}").status_code == 404
    for path in (
        f"/campaigns/{campaign_id}/pause",
        f"/enrollments/{one}/pause",
        f"/enrollments/{one}/remove",
    ):
        assert dirk.post(path).status_code == 404
    assert browse(cast.cleo).get(f"/enrollments/{one}").status_code == 200, "administrators see every team"


def way_of(browser: Browser, work: Work) -> str:
    """What the first way's page says, with every Why? closed."""
    shown = text(browser.get(f"/enrollments/{enrollments(work)[0].id}").text)
    return shown.replace(" Why? Every gate in order", "")


def test_a_way_shows_every_date_and_what_waits_for_what(browse: Browse, work: Work, cast: Cast) -> None:
    started(work, cast)
    shown = way_of(browse(cast.ana), work)
    assert (
        "Quick question, [first name] day 1, step 1 Waits for its time. Scheduled Mon 30 Nov 10:00" in shown
    )
    assert "Call about the question day 2, step 1 Waits for day 1, step 1: Quick question" in shown
    assert "Planned Tue 1 Dec 00:00" in shown
    assert "day 3, step 1 Waits for day 1, step 1" in shown and "Planned Wed 2 Dec 10:00" in shown


def test_dates_ahead_are_never_in_the_past(
    browse: Browse, work: Work, cast: Cast, clock: VirtualClock
) -> None:
    """The call of Tuesday is still open on Friday: the mail after it slips by three days at least."""
    started(work, cast)
    with work() as uow:
        uow.session.execute(
            sa.update(Message).values(state="sent", sent_at=Message.due_at, message_id="<1@x>")
        )
        run = uow.session.scalars(sa.select(StepRun)).one()
        run.state, run.over_at, run.sent_at = run.state.DONE, run.due_at, run.due_at
        from sales_campaigns.enrollments.scheduling import go_on

        go_on(uow, [run.enrollment_id])
    clock.forward(timedelta(days=4))
    with work() as uow:
        open_due(uow)
    shown = way_of(browse(cast.ana), work)
    assert "Sent Mon 30 Nov 10:00" in shown
    assert "Waits until Ana Lind completes or skips the task. Task open Tue 1 Dec 00:00" in shown
    assert "Moved: an earlier step ends late. Planned Sat 5 Dec 10:00" in shown


def test_one_person_is_paused_with_a_way_back(browse: Browse, work: Work, cast: Cast) -> None:
    started(work, cast)
    one, ana = enrollments(work)[0].id, browse(cast.ana)
    ana.post(f"/enrollments/{one}/pause")
    shown = ana.get(f"/enrollments/{one}").text
    assert "Maria Nr 00 is paused" in shown and f"/enrollments/{one}/resume" in shown
    assert ana.post(f"/enrollments/{one}/pause").status_code == 409
    ana.post(f"/enrollments/{one}/resume")
    ana.post(f"/enrollments/{one}/success")
    assert "success, says Ana Lind" in ana.get(f"/enrollments/{one}").text


def test_the_persons_page_holds_campaigns_mails_and_tasks(browse: Browse, work: Work, cast: Cast) -> None:
    started(work, cast)
    with work() as uow:
        person_id = uow.session.scalars(sa.select(Person.id)).one()
        campaign = a_campaign(uow, cast.ana, [a_call(1)], name="Calls only")
        launch(uow, cast.ana, Order(campaign.id, [person_id]))
    with work() as uow:
        open_due(uow)
    ana = browse(cast.ana)
    shown = text(ana.get(f"/people/{person_id}/campaigns").text)
    assert "Q4 outreach On the way" in shown and "Calls only On the way" in shown
    assert "Wed 2 Dec 10:00" in shown
    shown = text(ana.get(f"/people/{person_id}/tasks").text)
    assert "Call about the question Calls only day 1, step 1" in shown and "Log call Done" in shown
    shown = text(ana.get(f"/people/{person_id}/history").text)
    assert (
        "Quick question, [first name] waits for its time" in shown
        and "waits for a call: Call about the question" in shown
    )


def test_the_queries_of_a_persons_page_do_not_grow_with_the_campaigns(
    browse: Browse, work: Work, cast: Cast, queries: Queries
) -> None:
    with work() as uow:
        person_id = a_person(uow, cast.ana).id
    ana, counts = browse(cast.ana), []
    for number in (5, 25):
        with work() as uow:
            for n in range(number):
                campaign = a_campaign(uow, cast.ana, [a_call(1), a_mail(uow, 2)], name=f"{number}-{n}")
                launch(uow, cast.ana, Order(campaign.id, [person_id]))
        with queries() as seen:
            for tab in ("campaigns", "tasks", "history"):
                ana.get(f"/people/{person_id}/{tab}")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_group_is_removed_at_once_on_however_many_pages(browse: Browse, work: Work, cast: Cast) -> None:
    """The rule: removed by a rep or an admin (one, many, a group)."""
    campaign_id, ana = started(work, cast, 60), browse(cast.ana)
    with work() as uow:
        group = create_group(uow, cast.ana, "Fair", shared=True)
        people = uow.session.scalars(sa.select(Person.id).where(Person.last_name != "Nr 59")).all()
        add_to_group(uow, cast.ana, group.id, people)
        other = create_group(uow, cast.ben, "Ben's own")
    url = f"/campaigns/{campaign_id}/people"
    shown = ana.get(f"{url}?group={group.id}").text
    assert "All 59 that match" in shown and "Nr 59" not in shown
    assert ana.get(f"{url}?group={other.id}").status_code == 404
    refused = ana.post(f"{url}/bulk?group={group.id}&words=nobody", {"do": "remove", "all": "59"})
    assert refused.status_code == 422 and "Nobody in this campaign matches" in refused.text
    ana.post(f"{url}/bulk?group={group.id}", {"do": "remove", "all": "59"})
    assert "59 people removed from the campaign." in ana.get(url).text
    assert Counter(one.state for one in enrollments(work)) == {"ended": 59, "active": 1}


def test_the_next_step_of_whoever_is_paused_stands_where_why_says(
    browse: Browse, work: Work, cast: Cast
) -> None:
    """The rule: all the dates ahead from the same planning function that the scheduler uses, limits included."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(daily_limit=1))
        for name, at, email in (("Other", "09:00", "nils@example.com"), ("Paused", "10:00", "m@example.com")):
            campaign = a_campaign(uow, cast.ana, [a_call(1), a_mail(uow, 2, at=at)], name=name)
            launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana, email).id]))
        open_due(uow)
        for task in uow.session.scalars(sa.select(Task).order_by(Task.id)):
            complete_task(uow, cast.ana, task)
    ana, one = browse(cast.ana), enrollments(work)[1]
    ana.post(f"/enrollments/{one.id}/pause")
    with work() as uow:
        uow.session.execute(sa.delete(StepRun).where(StepRun.enrollment_id == one.id, ~StepRun.is_task))
    listed = text(ana.get(f"/campaigns/{campaign.id}/people").text)
    way = text(ana.get(f"/enrollments/{one.id}").text)
    assert "Wed 2 Dec 10:00" in way and "Wed 2 Dec 10:00" in listed
