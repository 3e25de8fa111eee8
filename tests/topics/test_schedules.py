"""Named schedules: made once, picked by campaigns; a change plans what waits anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from sales_campaigns.absence.keeping_schedules import (
    TypedSchedule,
    add_schedule,
    change_schedule,
    drop_schedule,
)
from sales_campaigns.calendars.models import Schedule
from sales_campaigns.calendars.schedules import team_calendar
from sales_campaigns.campaigns.creating import change_settings
from sales_campaigns.campaigns.file import FileSettings, read_campaign, write_campaign
from sales_campaigns.campaigns.filing import export_campaign, import_campaign
from sales_campaigns.campaigns.schedule_use import campaigns_by_schedule
from sales_campaigns.campaigns.simulating import simulate
from sales_campaigns.enrollments.foreseeing import Question, foresee_campaign
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work

OFFICE = TypedSchedule("Office", tuple("12345"), opens="08:00", closes="18:00")


def kept(work: Work, cast: Cast, typed: TypedSchedule = OFFICE) -> int:
    with work() as uow:
        return add_schedule(uow, cast.cleo, typed).id


def launched(work: Work, cast: Cast, at: str = "09:30") -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at=at)], schedule="Office")
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))


def due(work: Work) -> datetime:
    with work() as uow:
        return uow.session.scalars(sa.select(StepRun.due_at)).one()


def test_a_campaign_counts_its_days_and_hours_as_the_schedule_says(work: Work, cast: Cast) -> None:
    kept(work, cast, replace(OFFICE, days=tuple("2345"), opens="10:00"))
    launched(work, cast)
    assert due(work) == datetime(2026, 12, 1, 9, 0, tzinfo=UTC), "Monday is none of its days; Tuesday 10:00"


def test_an_edit_plans_anew_what_waits_and_says_how_many_people_it_concerns(work: Work, cast: Cast) -> None:
    id = kept(work, cast)
    launched(work, cast)
    assert due(work) == datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
    with work() as uow:
        assert change_schedule(uow, cast.cleo, id, replace(OFFICE, opens="11:00"))[1] == 1
    assert due(work) == datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
    with work() as uow:
        change_schedule(uow, cast.cleo, id, replace(OFFICE, days=("3",)))
    assert due(work).date() == date(2026, 12, 2)
    with work() as uow:
        change_schedule(uow, cast.cleo, id, OFFICE)
    assert due(work) == datetime(2026, 11, 30, 8, 30, tzinfo=UTC), "the dates come back"


def test_its_zone_is_that_of_whoever_is_added_from_now_on(work: Work, cast: Cast) -> None:
    id = kept(work, cast, replace(OFFICE, zone="America/New_York"))
    launched(work, cast)
    with work() as uow:
        assert uow.session.scalars(sa.select(Enrollment.zone)).one() == "America/New_York"
        change_schedule(uow, cast.cleo, id, OFFICE)
    with work() as uow:
        assert uow.session.scalars(sa.select(Enrollment.zone)).one() == "America/New_York", "frozen at launch"


def test_the_simulation_says_the_same(work: Work, cast: Cast) -> None:
    kept(work, cast, replace(OFFICE, zone="America/New_York", opens="10:00"))
    launched(work, cast)
    with work() as uow:
        campaign = uow.session.scalars(sa.select(Enrollment)).one().campaign_id
        start = datetime.fromisoformat("2026-11-30T09:00")
        people = [a_person(uow, cast.ana, "next@example.com").id]
        question = Question(start=start, zone=cast.ana.zone, person_ids=people)
        [entry] = foresee_campaign(uow, cast.ana, campaign, question).simulation.told()["entries"]
    assert datetime.fromisoformat(entry["at"]) == due(work)
    assert entry["zone"] == "America/New_York"


def test_the_file_names_it_and_a_team_without_it_refuses_the_file(work: Work, cast: Cast) -> None:
    kept(work, cast)
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="09:00")], schedule="Office")
        written = write_campaign(export_campaign(uow.session, campaign))
    assert '  schedule: "Office"\n' in written
    file = read_campaign(written)
    assert file.settings.schedule == "Office"
    with work() as uow:
        assert import_campaign(uow, cast.ben, file).created is False
    with work() as uow, pytest.raises(Invalid) as refusal:
        import_campaign(uow, cast.dirk, file)
    assert list(refusal.value.problems) == ["settings.schedule"]
    with pytest.raises(Invalid, match="not known here"):
        simulate(
            file, [{"email": "a@example.com"}], start=datetime.fromisoformat("2026-11-30T09:00"), zone="UTC"
        )


def test_settings_refuse_a_schedule_that_the_team_does_not_have(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="09:00")])
        with pytest.raises(Invalid) as refusal:
            change_settings(uow, cast.ana, campaign.id, FileSettings(schedule="Office"))
    assert list(refusal.value.problems) == ["schedule"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"days": ()}, "days"),
        ({"opens": "18:00", "closes": "08:00"}, "closes"),
        ({"closes": ""}, "closes"),
        ({"opens": "late"}, "opens"),
        ({"place": "XX"}, "place"),
        ({"zone": "Mars/North"}, "zone"),
    ],
)
def test_it_refuses_what_cannot_be_kept_beside_its_field(
    work: Work, cast: Cast, wrong: dict[str, object], field: str
) -> None:
    with work() as uow, pytest.raises(Invalid) as refusal:
        add_schedule(uow, cast.cleo, TypedSchedule(**{**_fields(OFFICE), **wrong}))  # type: ignore[arg-type]
    assert list(refusal.value.problems) == [field]
    with work() as uow:
        assert uow.session.scalars(sa.select(Schedule)).all() == []


def test_a_name_is_taken_once_and_stays_while_it_is_used(work: Work, cast: Cast) -> None:
    id = kept(work, cast)
    with work() as uow, pytest.raises(Invalid):
        add_schedule(uow, cast.cleo, OFFICE)
    launched(work, cast)
    with work() as uow:
        assert [one.name for one in campaigns_by_schedule(uow.session, cast.ana)[cast.ana.team_id, "Office"]]
    with work() as uow, pytest.raises(Invalid) as refusal:
        change_schedule(uow, cast.cleo, id, replace(OFFICE, name="Bureau"))
    assert list(refusal.value.problems) == ["name"]
    with work() as uow, pytest.raises(IllegalMove, match="in use"):
        drop_schedule(uow, cast.cleo, id)


def test_what_nobody_uses_is_taken_out(work: Work, cast: Cast) -> None:
    id = kept(work, cast)
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="09:00")], schedule="Office")
        with pytest.raises(IllegalMove):
            drop_schedule(uow, cast.cleo, id)
        change_settings(uow, cast.ana, campaign.id, FileSettings())
        drop_schedule(uow, cast.cleo, id)
    with work() as uow:
        assert team_calendar(uow.session, cast.ana.team_id).schedules == frozenset()


def test_administrators_keep_them_and_nobody_sees_those_of_another_team(work: Work, cast: Cast) -> None:
    id = kept(work, cast)
    with work() as uow, pytest.raises(NotAllowed):
        add_schedule(uow, cast.ana, replace(OFFICE, name="Mine"))
    with work() as uow, pytest.raises(NotAllowed):
        change_schedule(uow, cast.ana, id, OFFICE)
    with work() as uow, pytest.raises(NotFound):
        drop_schedule(uow, cast.dirk, id)


def _fields(typed: TypedSchedule) -> dict[str, object]:
    return {name: getattr(typed, name) for name in TypedSchedule.__dataclass_fields__}
