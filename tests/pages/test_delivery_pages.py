"""Pages of deliveries: write, prepare, confirm, look; bad input beside its field, nothing lost, nothing sent."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.models import User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.rendering import Content
from sales_campaigns.deliveries.alarms.criteria import Criterion
from sales_campaigns.deliveries.alarms.models import DeliveryAlarm
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.logs import PAGE
from sales_campaigns.deliveries.models import Delivery, Exclusion
from sales_campaigns.messages.models import Message
from sales_campaigns.settings import Settings
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import confirmed, delivery, finish_preparing, let_jobs_run, prepared
from tests.pages.conftest import Browser

Browse = Callable[[User], Browser]


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    """An installation that can be reached from outside: bulk mail may leave."""
    key = "only for the tests, and long enough"
    return Settings(secret_key=key, data_dir=tmp_path, public_url="https://mail.example.org")


@pytest.fixture
def people(work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.ana)
        a_person(uow, cast.ana, "noah@example.com", first_name="Noah")
        gone = a_person(uow, cast.ana, "gone@example.com", first_name="=1+1")
        assert gone.address is not None
        gone.address.opted_out_at = uow.now


@pytest.fixture
def preparer(work: Work, cast: Cast) -> User:
    with work() as uow:
        ben = uow.session.get_one(User, cast.ben.id)
        ben.can_prepare = True
        return ben


def typed(cast: Cast, **fields: Any) -> dict[str, Any]:
    return {
        "name": "Autumn price list",
        "subject": "New prices, {{ first_name }}",
        "html": "<p>Hello {{ first_name }}</p>",
        "mailbox": cast.ana_box.id,
        "audience": "everybody",
        "when": "confirmed",
        "zone": "Europe/Stockholm",
        "validity_hours": "120",
        "priority": "normal",
        "start_by": "person",
        "waves": "none",
        **fields,
    }


def the_delivery(work: Work) -> int:
    with work() as uow:
        return uow.session.scalars(sa.select(Delivery.id)).one()


def test_it_is_written_prepared_and_confirmed(work: Work, cast: Cast, browse: Browse, people: None) -> None:
    cleo = browse(cast.cleo)
    assert cleo.post("/deliveries", typed(cast)).status_code == 303
    number = the_delivery(work)
    page = cleo.get(f"/deliveries/{number}").text
    assert "Prepare 3 people?" in page and "Nothing is sent" in page
    cleo.post(f"/deliveries/{number}/prepare")
    assert 'hx-trigger="every 2s"' in cleo.get(f"/deliveries/{number}").text
    finish_preparing(work, number)
    page = cleo.get(f"/deliveries/{number}").text
    assert "OK, send 2 messages" in page and "has unsubscribed" in page and "Prepared with 0 errors." in page
    cleo.post(f"/deliveries/{number}/confirm")
    assert delivery(work, number).state == "in_progress"
    page = cleo.get(f"/deliveries/{number}").text
    assert "Stop for 2 people" in page and "This is final" in page


@pytest.mark.parametrize(
    "kind, goes_on",
    [("", ""), ("single", ""), ("recurring", "/series"), ("continuous", "/continuous"), ("odd", "")],
)
def test_the_kind_is_chosen_where_it_begins(
    work: Work, cast: Cast, browse: Browse, people: None, kind: str, goes_on: str
) -> None:
    """The page that makes a delivery shows the three kinds side by side, and goes on where the chosen one is set up."""
    cleo = browse(cast.cleo)
    refused = cleo.post("/deliveries", typed(cast, kind=kind, name=""))
    known = kind if kind in ("recurring", "continuous") else "single"
    assert refused.status_code == 422 and refused.text.count('type="radio" name="kind"') == 3
    assert f'name="kind" value="{known}" checked' in refused.text
    made = cleo.post("/deliveries", typed(cast, kind=kind))
    assert made.headers["Location"] == f"/deliveries/{the_delivery(work)}{goes_on}"


def test_who_may_not_prepare_is_told_who_can_and_gets_no_form_to_fill(
    work: Work, cast: Cast, browse: Browse, people: None
) -> None:
    """Nobody fills in a form that is refused: what is new is refused at once, what there is may be looked at."""
    ben, number = browse(cast.ben), prepared(work, cast.cleo)
    for path in ("/deliveries/new", "/delivery-templates/new", "/sending-policy/new"):
        answer = ben.get(path)
        assert answer.status_code == 403 and f"Who can: {cast.cleo.name}" in answer.text
    shown = ben.get(f"/deliveries/{number}/edit").text
    assert (
        f"Who has it: {cast.cleo.name}" in shown and 'as-it-is" disabled' in shown and ">Save<" not in shown
    )
    assert "New prices, {{ first_name }}" in shown and "readonly" in shown


def test_a_change_asks_for_another_preparation_without_asking_for_the_number(
    work: Work, cast: Cast, browse: Browse, people: None
) -> None:
    cleo, number = browse(cast.cleo), prepared(work, cast.cleo)
    cleo.post(f"/deliveries/{number}/edit", typed(cast, name="Winter price list"))
    page = cleo.get(f"/deliveries/{number}").text
    assert "Winter price list" in page and "Prepare again" in page and "Prepare 3 people?" not in page


def test_what_is_shown_after_a_pause_and_a_stop(work: Work, cast: Cast, browse: Browse, people: None) -> None:
    cleo, number = browse(cast.cleo), confirmed(work, cast.cleo)
    let_jobs_run(work)
    cleo.post(f"/deliveries/{number}/pause")
    assert "Paused: nothing new leaves." in cleo.get(f"/deliveries/{number}").text
    cleo.post(f"/deliveries/{number}/resume")
    cleo.post(f"/deliveries/{number}/stop")
    assert "2 people do not get the mail" in cleo.get(f"/deliveries/{number}").text
    assert cleo.post(f"/deliveries/{number}/resume").status_code == 409


BAD = {
    "no subject": ({"subject": ""}, "Write a subject."),
    "a template error": ({"html": "<p>\nHello {{ first_name | shout }}</p>"}, "line 2, column"),
    "an unclosed field": ({"subject": "Hello {{ first_name"}, "is never closed"),
    "nobody": ({"audience": "groups"}, "Choose who gets it"),
    "a past date": ({"when": "date", "at": "2026-11-29T09:00"}, "This date is past"),
    "no date": ({"when": "date", "at": ""}, "Choose the date and time"),
    "a bad date": ({"when": "date", "at": "soon"}, "Write a date and a time"),
    "a bad zone": ({"when": "date", "at": "2026-12-01T09:00", "zone": "Mars/Olympus"}, "is no time zone"),
    "a wave after validity": (
        {"waves": "equal", "wave_percent": "30", "wave_hours": "50"},
        "when the validity of 120 h is over",
    ),
    "a wave of nobody": ({"waves": "equal", "wave_percent": "0", "wave_hours": "5"}, "1 to 100 percent"),
    "waves of 90 percent": (
        {"when": "date", "at": "2026-12-01T09:00", "waves": "calendar", "wave_dates": "90 2026-12-01 10:00"},
        "together must be 100 percent",
    ),
    "a wave that is no date": (
        {"when": "date", "at": "2026-12-01T09:00", "waves": "calendar", "wave_dates": "half today"},
        "“half today” is no wave",
    ),
    "a line break in the subject": (
        {"subject": "Hello\r\nBcc: everybody@example.com"},
        "A subject is one line",
    ),
    "ten megabytes": ({"html": "x" * 10_000_000}, "This is too long"),
    "no validity": ({"validity_hours": "never"}, "Validity is from 1"),
    "no mailbox": ({"mailbox": "999"}, "Choose the mailbox"),
    "no name": ({"name": "  "}, "Give it a name"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_beside_its_field_and_nothing_typed_is_lost(
    work: Work, cast: Cast, browse: Browse, people: None, case: str
) -> None:
    fields, words = BAD[case]
    answer = browse(cast.cleo).post("/deliveries", typed(cast, **{"text": "Kept as typed", **fields}))
    assert answer.status_code == 422 and words in answer.text and "Kept as typed" in answer.text
    assert 'class="error"' in answer.text
    with work() as uow:
        assert uow.session.scalars(sa.select(Delivery)).all() == []


class TestWhoMay:
    def test_a_preparer_gets_no_mail_out_by_any_page(
        self, work: Work, cast: Cast, browse: Browse, people: None, preparer: User
    ) -> None:
        """0 mails, and each refusal names who can."""
        ben, ready = browse(preparer), prepared(work, preparer)
        scheduled = confirmed_later(work, cast)
        tries = [
            ben.post(f"/deliveries/{ready}/confirm"),
            ben.post("/deliveries", typed(cast, start_by="no_error")),
            ben.post(f"/deliveries/{ready}/edit", typed(cast, start_by="no_warning")),
            ben.post(f"/deliveries/{scheduled}/edit", typed(cast)),
            ben.post(f"/deliveries/{scheduled}/unschedule"),
        ]
        for answer in tries:
            assert answer.status_code == 403 and "Cleo Martin" in answer.text
        let_jobs_run(work)
        with work() as uow:
            assert uow.session.scalars(sa.select(Message)).all() == []
        page = ben.get(f"/deliveries/{ready}").text
        assert "Who has it: Cleo Martin" in page and "OK, send" not in page

    def test_without_any_right_it_is_read_only(
        self, work: Work, cast: Cast, browse: Browse, people: None
    ) -> None:
        number, ana = prepared(work, cast.cleo), browse(cast.ana)
        page = ana.get(f"/deliveries/{number}").text
        assert "Prepare again" not in page and "OK, send" not in page
        for act in ("prepare", "confirm", "pause", "stop", "duplicate", "delete"):
            assert ana.post(f"/deliveries/{number}/{act}").status_code in {403, 409}
        assert ana.post("/deliveries", typed(cast)).status_code == 403


def confirmed_later(work: Work, cast: Cast) -> int:
    from sales_campaigns.deliveries.inputs import Schedule

    return confirmed(work, cast.cleo, schedule=Schedule("2026-12-02T09:00", "Europe/Stockholm"))


class TestLogs:
    def test_exclusions_by_cause_and_as_a_file_that_computes_nothing(
        self, work: Work, cast: Cast, browse: Browse, people: None
    ) -> None:
        number, cleo = prepared(work, cast.cleo), browse(cast.cleo)
        page = cleo.get(f"/deliveries/{number}/exclusions?cause=opted_out").text
        assert "gone@example.com" in page and "unsubscribed" in page
        assert "gone@example.com" not in cleo.get(f"/deliveries/{number}/exclusions?cause=quarantined").text
        file = cleo.get(f"/deliveries/{number}/exclusions.csv")
        assert file.mimetype == "text/csv" and "gone@example.com,'=1+1 Santos,opted_out" in file.text

    def test_the_sending_log_by_status(self, work: Work, cast: Cast, browse: Browse, people: None) -> None:
        number, cleo = confirmed(work, cast.cleo), browse(cast.cleo)
        to_come = cleo.get(f"/deliveries/{number}/log?status=to_come").text
        assert "noah@example.com" in to_come
        let_jobs_run(work)
        assert "noah@example.com" in cleo.get(f"/deliveries/{number}/log?status=pending&words=noah").text
        assert "maria@example.com" not in cleo.get(f"/deliveries/{number}/log?words=noah").text
        assert "noah@example.com,Noah Santos,Pending" in cleo.get(f"/deliveries/{number}/log.csv").text

    def test_a_page_costs_the_same_however_many_there_are(
        self,
        work: Work,
        cast: Cast,
        browse: Browse,
        people: None,
        queries: Callable[[], AbstractContextManager[list[str]]],
    ) -> None:
        number, cleo = prepared(work, cast.cleo), browse(cast.cleo)
        counts = []
        for more in (0, 20):
            with work() as uow:
                for place in range(more):
                    person = a_person(uow, cast.ana, f"more{place}@example.com")
                    uow.session.add(
                        Exclusion(delivery_id=number, occasion=0, person_id=person.id, cause="x", at=uow.now)
                    )
            for path in ("", "/log", "/exclusions"):
                with queries() as seen:
                    cleo.get(f"/deliveries/{number}{path}")
                counts.append(len(seen))
        assert counts[:3] == counts[3:]


def test_a_step_of_a_campaign_has_the_same_dashboard_to_read(
    work: Work, cast: Cast, browse: Browse, app: Flask
) -> None:
    from tests.outgoing import due_mails

    due_mails(work, cast, "maria@example.com")
    ana, number = browse(cast.ana), the_delivery(work)
    assert "Q4 outreach · day 1, step 1" in ana.get("/deliveries?steps=1").text
    assert "Q4 outreach · day 1" not in ana.get("/deliveries").text
    page = ana.get(f"/deliveries/{number}").text
    assert "These are the mails of a campaign step" in page and "Prepare" not in page
    assert "maria@example.com" in ana.get(f"/deliveries/{number}/log").text


def test_the_policy_is_kept_by_administrators(work: Work, cast: Cast, browse: Browse, people: None) -> None:
    cleo = browse(cast.cleo)
    rule = {
        "name": "Twice a week",
        "kind": "pressure",
        "messages": "2",
        "days": "7",
        "scope": "every",
        "place": "50",
    }
    assert browse(cast.ana).post("/sending-policy", rule).status_code == 403
    refused = cleo.post("/sending-policy", {**rule, "messages": "", "name": ""})
    assert refused.status_code == 422 and "Write how many mails" in refused.text
    assert cleo.post("/sending-policy", rule).status_code == 303
    assert "At most 2 mails to one address in any 7 days." in cleo.get("/sending-policy").text
    cleo.post("/sending-policy/1/switch")
    assert "Switch on" in cleo.get("/sending-policy").text
    company = {**rule, "name": "Twice a company", "per": "company"}
    kept = cleo.post("/sending-policy", company)
    assert kept.status_code == 422 and "for campaign steps only" in kept.text
    assert '<option value="company" selected>' in kept.text
    assert cleo.post("/sending-policy", {**company, "scope": "steps"}).status_code == 303
    assert "At most 2 mails to one company in any 7 days. Steps wait." in cleo.get("/sending-policy").text
    empty = cleo.post("/sending-policy", {**rule, "name": "Nobody", "kind": "filtering"})
    assert "Say whom it leaves out" in empty.text


def test_the_same_rule_judges_whoever_joins_a_campaign(work: Work, cast: Cast, browse: Browse) -> None:
    """No second list of rules: a filtering rule of the team holds at a launch too."""
    from sales_campaigns.campaigns.versions import newest
    from sales_campaigns.deliveries.typology.models import RuleKind, TypologyRule
    from sales_campaigns.enrollments.launches.checking import check_people
    from tests.builders import a_campaign, a_mail

    with work() as uow:
        rival = a_person(uow, cast.ana, company="Rival")
        details = {"words": "rival"}
        rule = TypologyRule(
            team_id=cast.ana.team_id,
            kind=RuleKind.FILTERING,
            name="Rivals",
            details=details,
            changed_at=uow.now,
        )
        uow.session.add(rule)
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)])
        version = newest(uow.session, campaign)
        checked = check_people(uow.session, cast.ana, campaign, version, [rival.id], cast.ana_box)
    assert checked.causes == {"rule_1": 1}
    assert checked.excluded[0].words == "The rule “Rivals” leaves this person out."


class TestProofs:
    def test_a_proof_goes_to_other_addresses_and_counts_nowhere(
        self, work: Work, cast: Cast, browse: Browse, people: None
    ) -> None:
        number, cleo = prepared(work, cast.cleo), browse(cast.cleo)
        answer = cleo.post(f"/deliveries/{number}/proofs", {"addresses": "one@example.net, two@example.net"})
        assert answer.status_code == 303
        with work() as uow:
            proofs = uow.session.scalars(sa.select(Message).order_by(Message.id)).all()
        assert [(proof.email, proof.proof) for proof in proofs] == [
            ("one@example.net", True),
            ("two@example.net", True),
        ]
        assert all(proof.delivery_id != number for proof in proofs)

    @pytest.mark.parametrize(
        ("written", "words"),
        [
            (
                " ".join(f"p{place}@example.net" for place in range(101)),
                "at most 100 addresses; these are 101",
            ),
            ("", "Write at least one address"),
            ("fine@example.net nonsense", "nonsense"),
        ],
    )
    def test_what_is_wrong_with_the_addresses_is_told_beside_them(
        self, work: Work, cast: Cast, browse: Browse, people: None, written: str, words: str
    ) -> None:
        number = prepared(work, cast.cleo)
        answer = browse(cast.cleo).post(f"/deliveries/{number}/proofs", {"addresses": written})
        assert answer.status_code == 422 and words in answer.text
        with work() as uow:
            assert uow.session.scalars(sa.select(Message)).all() == []


def test_today_says_what_waits_for_a_confirmation(
    work: Work, cast: Cast, browse: Browse, people: None, preparer: User
) -> None:
    from sales_campaigns.deliveries.inputs import Schedule

    prepared(work, preparer, schedule=Schedule("2026-12-01T09:00", "Europe/Stockholm"))
    assert "“Autumn price list” waits for a confirmation" in browse(cast.cleo).get("/").text
    assert "waits for a confirmation" not in browse(cast.ana).get("/").text


def test_reviewers_are_asked_and_answer_on_the_page(
    work: Work, cast: Cast, browse: Browse, people: None
) -> None:
    number, cleo, ana = prepared(work, cast.cleo), browse(cast.cleo), browse(cast.ana)
    cleo.post(f"/deliveries/{number}/approvals/content", {"reviewer": cast.ana.id})
    assert "The content is not approved yet. Ana Lind can." in cleo.get(f"/deliveries/{number}").text
    assert cleo.post(f"/deliveries/{number}/confirm").status_code == 409
    ana.post(f"/deliveries/{number}/approvals/content", {"answer": "granted", "comment": "Well said"})
    assert "Well said" in cleo.get(f"/deliveries/{number}").text
    assert cleo.post(f"/deliveries/{number}/confirm").status_code == 303


def test_rates_are_provisional_until_late_bounces_no_longer_count(
    work: Work, cast: Cast, browse: Browse, people: None, clock: VirtualClock
) -> None:
    """The rule: until validity and the 7 days for late bounces are over it says so, then “final”."""
    number, cleo = confirmed(work, cast.cleo), browse(cast.cleo)
    assert "Provisional until Sat 12 Dec 09:00." in cleo.get(f"/deliveries/{number}").text
    clock.forward(timedelta(days=12))
    assert "Rates are final." in cleo.get(f"/deliveries/{number}").text


def test_compute_stats_says_that_nothing_changed(
    work: Work, cast: Cast, browse: Browse, people: None
) -> None:
    number, cleo = prepared(work, cast.cleo), browse(cast.cleo)
    assert cleo.post(f"/deliveries/{number}/compute").status_code == 303
    assert "nothing changed" in cleo.get(f"/deliveries/{number}").text


def test_alarms_stand_on_the_page_and_on_today(work: Work, cast: Cast, browse: Browse, people: None) -> None:
    number = prepared(work, cast.cleo)
    with work() as uow:
        known = {"delivery_id": number, "day": uow.now.date(), "at": uow.now}
        uow.session.add(DeliveryAlarm(**known, criterion=Criterion.SOFT_RATIO, words="Too many came back."))
    for path in (f"/deliveries/{number}", "/"):
        assert "Too many came back." in browse(cast.cleo).get(path).text
    assert "Too many came back." not in browse(cast.dirk).get("/").text


def test_the_journal_by_level_and_as_a_file(work: Work, cast: Cast, browse: Browse, people: None) -> None:
    """The rule: logs are all filterable and all exportable as CSV."""
    number = prepared(work, cast.cleo, content=Content("Hi", '<p><a href="http:/odd">x</a></p>'))
    with work() as uow:
        for place in range(PAGE):
            note(uow, number, f"=Line {place}")
    cleo = browse(cast.cleo)
    address = f"/deliveries/{number}/journal"
    assert f'href="{address}"' in cleo.get(f"/deliveries/{number}").text
    first = cleo.get(address).text
    assert "=Line 49" in first and "looks odd" not in first
    older = re.search(rf'href="({address}[?]before=\d+)"', first)
    assert older is not None and "looks odd" in cleo.get(older[1]).text
    warned = cleo.get(f"{address}?level=warning").text
    assert "looks odd" in warned and "=Line" not in warned
    assert "No line of that kind" in cleo.get(f"{address}?level=error").text
    rows = list(csv.reader(cleo.get(f"{address}.csv").text.splitlines()))
    assert rows[-1][1:] == ["info", "'=Line 49"] and len(rows) > PAGE
    assert {row[1] for row in csv.reader(cleo.get(f"{address}.csv?level=warning").text.splitlines()[1:])} == {
        "warning"
    }


def test_retention_is_asked_of_administrators_and_bad_input_is_kept(cast: Cast, browse: Browse) -> None:
    cleo = browse(cast.cleo)
    answer = cleo.post("/admin/retention", {"tracking_days": "90", "sending_days": "soon"})
    assert answer.status_code == 422 and "from 30 to 3,650" in answer.text
    assert 'value="90"' in answer.text and 'value="soon"' in answer.text
    assert cleo.post("/admin/retention", {"tracking_days": "90"}).status_code == 303
    assert 'value="90"' in cleo.get("/admin/retention").text
