"""The page of rehearsals: asked for, played in the background, watched at any pace, compared with the simulation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from integrations.sandbox import SandboxMail
from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.editing import StepWords, write_step
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.variants import variant_for
from sales_campaigns.campaigns.varying import add_variant
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.attachments import Upload
from sales_campaigns.content.bundles import gather
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.rehearsals.asking import KEPT, Wanted, ask_rehearsal, stop_rehearsal
from sales_campaigns.rehearsals.models import Rehearsal, RehearsalState, RehearsedMail
from scheduler.jobs import run_until_quiet
from scheduler.rehearsal_job import rehearsal_job
from scheduler.rehearsing import rehearse
from tests.builders import a_call, a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser

Browse = Callable[[User], Browser]
JOB = rehearsal_job(partial(rehearse, SandboxMail))


@pytest.fixture
def campaign_id(work: Work, cast: Cast) -> int:
    """Three people; a mail, a follow-up and a call."""
    with work() as uow:
        for name in ("maria", "noah", "aroha"):
            a_person(uow, cast.ana, f"{name}@example.com", first_name=name.title())
        steps = [a_mail(uow, 1, key="first"), a_follow_up(uow, 3), a_call(4)]
        return a_campaign(uow, cast.ana, steps, skip_weekends=True).id


def asked(browser: Browser, campaign_id: int, **typed: str) -> str:
    answer = browser.post(f"/campaigns/{campaign_id}/rehearse", {"preset": "silent", **typed})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def played(browser: Browser, room: PostRoom, campaign_id: int, **typed: str) -> str:
    url = asked(browser, campaign_id, **typed)
    run_until_quiet(room, [JOB])
    return url


def test_it_is_asked_for_and_says_how_far_it_is(browse: Browse, cast: Cast, campaign_id: int) -> None:
    ana = browse(cast.ana)
    url = asked(ana, campaign_id)
    shown = ana.get(url).text
    assert "Waits for its turn" in shown and 'hx-trigger="every 1s"' in shown and "3 people" in shown
    assert "Everybody is silent" in ana.get(f"/campaigns/{campaign_id}/rehearse").text


def test_what_was_simulated_is_what_happened(
    browse: Browse, cast: Cast, room: PostRoom, campaign_id: int
) -> None:
    ana = browse(cast.ana)
    shown = ana.get(played(ana, room, campaign_id)).text
    assert "What was simulated is what happened: equal, to the second." in shown
    assert "12 of 12 events" in shown


def test_each_person_gets_their_own_variant_with_its_files(
    browse: Browse, cast: Cast, room: PostRoom, work: Work, campaign_id: int
) -> None:
    """The rule: stable for each person. A rehearsal sends what the launch will send."""
    with work() as uow:
        key = newest(uow.session, uow.session.get_one(Campaign, campaign_id)).steps[0].key
        files = gather(uow, cast.ana, cast.ana.team_id, None, [Upload("Prices.txt", "text/plain", b"12")])
        _, letter = add_variant(uow, cast.ana, campaign_id, key)
        write_step(
            uow, cast.ana, campaign_id, key, StepWords("Bold", "<p>Bold</p>", bundle_id=files, variant=letter)
        )
        step = newest(uow.session, uow.session.get_one(Campaign, campaign_id)).steps[0]
        drawn = {
            name: variant_for(key, step.variants, f"{name}@example.com")
            for name in ("maria", "noah", "aroha")
        }
    ana = browse(cast.ana)
    shown = ana.get(played(ana, room, campaign_id)).text
    assert "What was simulated is what happened: equal" in shown
    with work() as uow:
        first = uow.session.scalars(sa.select(RehearsedMail).where(RehearsedMail.day == 1)).all()
    said = {"A": ("Quick question, ", ""), "B": ("Bold", "Prices.txt")}
    for mail in first:
        one = drawn[mail.person.partition("@")[0]]
        assert one is not None and f"day 1, step 1, variant {one.key}" in shown
        assert mail.subject.startswith(said[one.key][0]) and mail.files == said[one.key][1]
    assert {one.key for one in drawn.values() if one is not None} == {"A", "B"}


def test_a_rehearsal_never_touches_the_teams_data(
    browse: Browse, cast: Cast, room: PostRoom, work: Work, campaign_id: int
) -> None:
    played(browse(cast.ana), room, campaign_id, preset="bounces")
    with work() as uow:
        for rows in (Enrollment, Message):
            assert uow.session.scalar(sa.select(sa.func.count()).select_from(rows)) == 0


def test_it_is_watched_step_by_step_day_by_day_and_at_once(
    browse: Browse, cast: Cast, room: PostRoom, campaign_id: int
) -> None:
    ana = browse(cast.ana)
    url = played(ana, room, campaign_id)
    assert "Before the launch" in ana.get(f"{url}?seen=0").text
    assert f"{url}?seen=2" in ana.get(f"{url}?seen=1").text
    day = ana.get(f"{url}?seen=0&pace=day", htmx=True).text
    assert 'hx-trigger="load delay:1s"' in day and "seen=3&amp;pace=day" in day
    assert "load delay" not in ana.get(f"{url}?seen=12&pace=day").text
    assert "12 of 12" in ana.get(f"{url}?seen=9999999").text


def test_it_lists_and_explains_what_differs(
    browse: Browse, cast: Cast, room: PostRoom, campaign_id: int
) -> None:
    ana = browse(cast.ana)
    shown = ana.get(played(ana, room, campaign_id, preset="replies")).text
    assert "differs from what was simulated in 2 steps" in shown
    assert "Did not happen: it had ended, replied." in shown


def test_it_shows_each_mail_in_a_frame_that_runs_nothing(
    browse: Browse, cast: Cast, room: PostRoom, work: Work, campaign_id: int
) -> None:
    ana = browse(cast.ana)
    url = played(ana, room, campaign_id)
    with work() as uow:
        mail = uow.session.scalars(sa.select(RehearsedMail).order_by(RehearsedMail.id.desc())).first()
        assert mail is not None
    shown = ana.get(f"{url}/mails/{mail.id}")
    assert "In this thread" in shown.text and "Re: Quick question" in shown.text
    framed = ana.get(f"{url}/mails/{mail.id}/frame")
    assert framed.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_it_refuses_what_cannot_be_rehearsed_and_keeps_what_was_typed(
    browse: Browse, cast: Cast, campaign_id: int
) -> None:
    ana = browse(cast.ana)
    refused = ana.post(f"/campaigns/{campaign_id}/rehearse", {"preset": "away", "start": "soon"})
    assert (
        refused.status_code == 422
        and "Write a date and a time" in refused.text
        and 'value="soon"' in refused.text
    )
    assert ana.post(f"/campaigns/{campaign_id}/rehearse", {"preset": "sing"}).status_code == 422
    assert (
        ana.post(f"/campaigns/{campaign_id}/rehearse", {"preset": "away", "group": "99"}).status_code == 404
    )


def test_it_says_that_nobody_could_be_added(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)])
        with pytest.raises(Invalid, match="Nobody of these"):
            ask_rehearsal(uow, cast.ana, campaign.id, Wanted())


def test_it_can_be_stopped_while_it_waits_and_while_it_is_played(
    work: Work, cast: Cast, room: PostRoom, campaign_id: int
) -> None:
    def stop(*_: Any) -> Any:
        with work() as uow:
            stop_rehearsal(uow, cast.ana, campaign_id, only(work).id)
        return None

    with work() as uow:
        ask_rehearsal(uow, cast.ana, campaign_id, Wanted())

    def stopped_midway(play: Any, progress: Callable[[int], None]) -> Any:
        stop()
        progress(10)
        raise AssertionError("it went on")

    run_until_quiet(room, [rehearsal_job(stopped_midway)])
    assert only(work).state is RehearsalState.STOPPED
    with pytest.raises(IllegalMove):
        stop()


def test_it_says_what_went_wrong(
    work: Work, cast: Cast, room: PostRoom, browse: Browse, campaign_id: int
) -> None:
    def broken(play: Any, progress: Any) -> Any:
        raise Invalid("The stage is too small.")

    ana = browse(cast.ana)
    url = asked(ana, campaign_id)
    run_until_quiet(room, [rehearsal_job(broken)])
    assert "The stage is too small." in ana.get(url).text


def test_it_is_played_again_when_the_process_that_played_it_died(
    work: Work, cast: Cast, room: PostRoom, campaign_id: int
) -> None:
    with work() as uow:
        ask_rehearsal(uow, cast.ana, campaign_id, Wanted())
    with work() as uow:
        uow.session.execute(
            sa.update(Rehearsal).values(state="running", lease_until=uow.now - timedelta(days=3000))
        )
    run_until_quiet(room, [JOB])
    assert only(work).state is RehearsalState.DONE


def test_old_ones_are_forgotten(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, campaign_id: int
) -> None:
    for _ in range(KEPT + 2):
        with work() as uow:
            ask_rehearsal(uow, cast.ana, campaign_id, Wanted())
            uow.session.execute(sa.update(Rehearsal).values(state="done"))
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(Rehearsal)) == KEPT
    clock.forward(timedelta(days=8))
    with work() as uow:
        ask_rehearsal(uow, cast.ana, campaign_id, Wanted())
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(Rehearsal)) == 1


def test_its_page_needs_few_queries(
    browse: Browse,
    cast: Cast,
    room: PostRoom,
    campaign_id: int,
    queries: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    ana = browse(cast.ana)
    url = played(ana, room, campaign_id)
    with queries() as seen:
        ana.get(url)
    assert len(seen) <= 16, "\n".join(seen)


def only(work: Work) -> Rehearsal:
    with work() as uow:
        return uow.session.scalars(sa.select(Rehearsal)).one()
