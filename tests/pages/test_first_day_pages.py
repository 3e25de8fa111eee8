"""Schedules, notices, the calendar and analytics on their pages: who may, what is typed wrong, what is said."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import sqlalchemy as sa

from sales_campaigns.absence.keeping_schedules import TypedSchedule, add_schedule
from sales_campaigns.accounts.models import User
from sales_campaigns.calendars.models import Schedule
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.notices.models import Notice, NoticeKind
from sales_campaigns.notices.wishes import NoticeWishes, wishes_of
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser

Browse = Callable[[User], Browser]
Queries = Callable[[], AbstractContextManager[list[str]]]
OFFICE = {"name": "Office", "days": ["1", "2", "3"], "opens": "08:00", "closes": "18:00"}


def noticed(work: Work, user: User, number: int = 1) -> None:
    with work() as uow:
        for n in range(number):
            row = uow.record("task.assigned")
            uow.session.flush()
            row.reacted_at = uow.now
            uow.session.add(
                Notice(
                    user_id=user.id, activity_id=row.id, kind=NoticeKind.TASK, at=uow.now, words=f"Line {n}"
                )
            )


def test_a_schedule_is_added_picked_and_changed(browse: Browse, work: Work, cast: Cast) -> None:
    cleo = browse(cast.cleo)
    assert cleo.post("/admin/schedules", OFFICE).status_code == 303
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="09:00")])
        row = uow.session.scalars(sa.select(Schedule)).one()
        assert row.days == "123"
    form = browse(cast.ana).get(f"/campaigns/{campaign.id}/settings").text
    assert '<option value="Office">Office</option>' in form
    typed = {"name": "Q4 outreach", "schedule": "Office", "late_limit": "4h"}
    assert browse(cast.ana).post(f"/campaigns/{campaign.id}/settings", typed).status_code == 303
    page = cleo.get(f"/admin/schedules/{row.id}").text
    assert "Where this is used" in page and "Q4 outreach" in page, "before an edit"
    with work() as uow:
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    cleo.post(f"/admin/schedules/{row.id}", {**OFFICE, "opens": "10:00"})
    assert "1 person is planned anew" in cleo.get("/admin/schedules").text
    assert cleo.post(f"/admin/schedules/{row.id}/drop").status_code == 409


def test_what_is_typed_wrong_stays_beside_its_words(browse: Browse, cast: Cast) -> None:
    answer = browse(cast.cleo).post("/admin/schedules", {**OFFICE, "name": "", "place": "XX"})
    assert answer.status_code == 422
    assert "Give it a name" in answer.text and 'value="XX"' in answer.text
    assert answer.text.count(" checked><span>") - answer.text.count("data-keys-on checked") == 3, "the days"


def test_schedules_are_for_administrators(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        id = add_schedule(uow, cast.cleo, TypedSchedule("Office", ("1",))).id
    ana = browse(cast.ana)
    assert [ana.get(path).status_code for path in ("/admin/schedules", f"/admin/schedules/{id}")] == [
        403,
        403,
    ]
    assert ana.post("/admin/schedules", OFFICE).status_code == 403
    assert browse(cast.dirk).get(f"/admin/schedules/{id}").status_code == 404


def test_the_title_counts_what_is_not_seen(browse: Browse, work: Work, cast: Cast) -> None:
    noticed(work, cast.ana, 2)
    ana = browse(cast.ana)
    assert "<title>(2) Tasks" in ana.get("/tasks").text or "<title>(2) " in ana.get("/tasks").text
    page = ana.get("/notices").text
    assert "Line 0" in page and "Mark 2 notices as seen" in page
    with work() as uow:
        last = uow.session.scalar(sa.select(sa.func.max(Notice.id)))
    assert ana.get("/notices/new?after=0").json["unseen"] == 2
    assert [one["words"] for one in ana.get("/notices/new?after=0").json["notices"]] == ["Line 0", "Line 1"]
    ana.post("/notices/seen", {"last": last})
    assert "<title>(" not in ana.get("/tasks").text
    assert browse(cast.ben).get("/notices/new").json == {"unseen": 0, "notices": []}


def test_looking_at_notices_marks_nothing(browse: Browse, work: Work, cast: Cast) -> None:
    noticed(work, cast.ana)
    ana = browse(cast.ana)
    ana.get("/notices")
    assert ana.get("/notices/new").json["unseen"] == 1


def test_wishes_are_kept_and_a_wrong_time_is_told_beside_its_field(
    browse: Browse, work: Work, cast: Cast
) -> None:
    ana, typed = (
        browse(cast.ana),
        {"shown": ["reply"], "mailed": ["mailbox"], "digest": "07:30", "weekly": "1"},
    )
    refused = ana.post("/notices/settings", {**typed, "digest": "soon"})
    assert refused.status_code == 422 and "such as 08:00" in refused.text and 'value="soon"' in refused.text
    ana.post("/notices/settings", typed)
    with work() as uow:
        kept = wishes_of(uow.session.get_one(User, cast.ana.id))
    assert kept.shown == {NoticeKind.REPLY} and kept.mailed == {NoticeKind.MAILBOX} and kept.weekly
    assert kept != NoticeWishes()
    assert 'value="07:30"' in ana.get("/notices/settings").text


def test_the_calendar_shows_the_week_and_leads_to_its_neighbours(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00"), a_call(3)])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    page = browse(cast.ana).get("/calendar").text
    assert "<strong>1</strong> e-mail" in page and "<strong>1</strong> task" in page
    assert "/calendar?week=2026-11-23" in page and "/calendar?week=2026-12-07" in page
    assert "Ben Okafor" not in page
    assert "Ben Okafor" in browse(cast.cleo).get("/calendar").text


def test_a_week_that_is_none_is_this_week(browse: Browse, cast: Cast) -> None:
    for week in ("nonsense", "9999-12-31", "0001-01-01", "2026-12-03"):
        assert "Mon 30 Nov" in browse(cast.ana).get(f"/calendar?week={week}").text


def test_analytics_has_a_page_for_each_view_and_the_team_only_for_administrators(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")], "=2+5")
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    ana, cleo = browse(cast.ana), browse(cast.cleo)
    assert "=2+5" in ana.get("/analytics").text
    assert "Nothing in these days" in browse(cast.ben).get("/analytics?tab=me").text
    assert "=2+5" in browse(cast.ben).get("/analytics?tab=content&days=7").text
    assert ana.get("/analytics?tab=team").status_code == 403
    assert "Ana Lind" in cleo.get("/analytics?tab=team").text
    assert ana.get("/analytics?tab=nonsense&days=13").status_code == 200


def test_the_file_is_guarded_against_formulas(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")], "=2+5")
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    ana = browse(cast.ana)
    answer = ana.get("/analytics/figures.csv?tab=content&days=7")
    assert answer.mimetype == "text/csv"
    head, row = answer.text.removeprefix("\ufeff").splitlines()
    assert head.startswith("Name,Sent (total),Written to (unique),")
    assert row.startswith("'=2+5,0,0,")
    assert ana.get("/analytics/figures.csv?tab=team").status_code == 403


def test_none_of_them_asks_more_for_more_rows(
    browse: Browse, work: Work, cast: Cast, queries: Queries
) -> None:
    cleo = browse(cast.cleo)
    paths = ("/notices", "/analytics?tab=team", "/analytics?tab=content", "/admin/schedules")

    def needed() -> list[int]:
        counts = []
        for path in paths:
            with queries() as seen:
                cleo.get(path)
            counts.append(len(seen))
        return counts

    needed()
    few = needed()
    noticed(work, cast.cleo, 5)
    with work() as uow:
        for n in range(4):
            add_schedule(uow, cast.cleo, TypedSchedule(f"Schedule {n}", ("1",)))
            campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")], f"Campaign {n}")
            launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana, f"p{n}@example.com").id]))
    assert needed() == few
