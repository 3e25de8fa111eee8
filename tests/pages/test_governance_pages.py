"""Policies, roles, audit log, blocked domains and the profile, as administrators and users see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

from markupsafe import escape

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.policies import change_policy
from sales_campaigns.accounts.rights import deactivate
from sales_campaigns.accounts.roles import POLICY
from sales_campaigns.accounts.sign_in import hash_password
from sales_campaigns.content.templates import TemplateDraft, create_template
from sales_campaigns.people.models import Person
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from web.pages.administration.policies import ACTIONS

Browse = Callable[[User], Browser]
Queries = Callable[[], AbstractContextManager[list[str]]]


def test_policies_are_laid_down_and_bad_input_keeps_what_was_typed(browse: Browse, cast: Cast) -> None:
    cleo = browse(cast.cleo)
    typed = {"templates_locked": "1", "guarded_categories": "Legal", "launches_per_day": "9"}
    answer = cleo.post("/admin/policies", {**typed, "mails_per_day": "lots"})
    assert answer.status_code == 422 and "Write a number from 1 to" in answer.text
    assert 'value="lots"' in answer.text and "Legal" in answer.text
    assert cleo.post("/admin/policies", typed).status_code == 303
    shown = cleo.get("/admin/policies").text
    assert "Legal" in shown and 'value="9"' in shown


def test_a_lock_is_told_where_somebody_would_write_and_takes_the_buttons_away(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1)])
        change_policy(uow, cast.cleo, {"templates_locked": "1", "campaigns_locked": "1"})
    ana, cleo = browse(cast.ana), browse(cast.cleo)
    for path, words in (
        ("/templates", "Templates are locked"),
        ("/campaigns", "Campaigns are locked"),
        (f"/campaigns/{campaign.id}", "Campaigns are locked"),
    ):
        assert words in ana.get(path).text and words not in cleo.get(path).text
    assert "New template" not in ana.get("/templates").text and "New template" in cleo.get("/templates").text
    assert "New campaign" not in ana.get("/campaigns").text
    assert ana.post("/templates", {"name": "x", "subject": "x", "html": "<p>x</p>"}).status_code == 403
    assert ana.post(f"/campaigns/{campaign.id}/copy").status_code == 403


def test_what_is_locked_is_shown_as_it_is_and_nobody_fills_a_form_in_vain(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        template = create_template(uow, cast.cleo, TemplateDraft("Hello", "Hi", "<p>Hi</p>"))
        campaign = a_campaign(uow, cast.ana, [a_call(1)])
        change_policy(uow, cast.cleo, {"templates_locked": "1", "campaigns_locked": "1"})
    ana, cleo = browse(cast.ana), browse(cast.cleo)
    home = f"/campaigns/{campaign.id}"
    step = re.findall(rf'href="({home}/steps/[^"]+)"', cleo.get(home).text)[0]
    for path in (f"/templates/{template.id}", f"{home}/settings", step):
        assert (
            'fieldset class="as-it-is" disabled' in ana.get(path).text
            and ">Save the" not in ana.get(path).text
        )
        assert 'as-it-is" disabled' not in cleo.get(path).text and ">Save the" in cleo.get(path).text
    assert "Add a step" in cleo.get(home).text and "Add a step" not in ana.get(home).text
    for path in ("/templates/new", "/snippets/new", "/campaigns/new"):
        assert "are locked" in ana.get(path).text and ana.get(path).status_code == 403


def test_a_template_tells_where_it_is_used_before_it_is_changed(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        template = create_template(uow, cast.ana, TemplateDraft("Hello", "Hi", "<p>Hi</p>"))
        a_campaign(uow, cast.ana, [a_mail(uow, 1, from_template="Hello")], name="Autumn")
    shown = browse(cast.ana).get(f"/templates/{template.id}").text
    assert "Steps that took words from it" in shown and "Autumn" in shown


def test_a_campaign_begins_with_a_starter_and_bad_input_keeps_which(browse: Browse, cast: Cast) -> None:
    ana = browse(cast.ana)
    bad = ana.post("/campaigns", {"name": "", "starter": "warm_lead"})
    assert bad.status_code == 422 and 'value="warm_lead" checked' in bad.text
    made = ana.post("/campaigns", {"name": "Ours", "starter": "warm_lead"})
    assert "Call at once" in ana.get(made.headers["Location"]).text


def test_the_page_of_roles_tells_every_action_of_the_policy_table(browse: Browse, cast: Cast) -> None:
    assert ACTIONS.keys() == POLICY.keys()
    shown = browse(cast.cleo).get("/admin/roles").text
    assert all(str(escape(words)) in shown for words in ACTIONS.values())


def test_the_audit_log_is_narrowed_and_a_team_administrator_sees_the_own_team(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        a_campaign(uow, cast.ana, [a_call(1)], name="Ours")
        a_campaign(uow, cast.dirk, [a_call(1)], name="Theirs")
        uow.session.get_one(User, cast.ben.id).role = "team_administrator"  # type: ignore[assignment]
        uow.record("mailbox.paced", team_id=cast.ana.team_id)
    cleo, ben = browse(cast.cleo), browse(cast.ben)
    assert "name: Ours" in cleo.get("/admin/audit").text and "name: Theirs" in cleo.get("/admin/audit").text
    assert "name: Theirs" not in ben.get("/admin/audit").text
    assert "name: Ours" not in cleo.get(f"/admin/audit?user={cast.dirk.id}").text
    assert "Campaign created" not in cleo.get("/admin/audit?topic=template").text
    assert "Campaign created" in cleo.get("/admin/audit?since=2026-11-30&until=2026-11-30").text
    assert "Nothing happened" in cleo.get("/admin/audit?since=2026-12-01").text
    assert "Campaign created" in cleo.get("/admin/audit?since=tomorrow").text, "no date narrows nothing"
    assert "Mailbox paced" not in ben.get("/admin/audit").text
    assert "Mailbox paced" in ben.get("/admin/audit?by_itself=1").text
    part = cleo.get("/admin/audit", htmx=True).text
    assert "<html" not in part and "name: Ours" in part


def test_the_audit_log_is_paged_at_a_flat_cost_and_comes_as_a_file(
    browse: Browse, work: Work, cast: Cast, queries: Queries
) -> None:
    cleo, counts = browse(cast.cleo), []
    for number in (5, 150):
        with work() as uow:
            for n in range(number):
                uow.record(
                    "group.created", actor_id=cast.ana.id, team_id=cast.ana.team_id, data={"name": f"=G{n}"}
                )
        with queries() as seen:
            shown = cleo.get("/admin/audit").text
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert "before=" in shown
    lines = cleo.get("/admin/audit/audit.csv?topic=group").text.splitlines()
    assert len(lines) == 156 and lines[0].endswith("At (UTC),Who,Team,What,Person,Campaign,Details")
    assert all("Ana Lind,North,group.created" in line for line in lines[1:])


def test_a_domain_is_blocked_and_let_go_with_a_way_back(browse: Browse, work: Work, cast: Cast) -> None:
    cleo = browse(cast.cleo)
    bad = cleo.post("/admin/blocked-domains", {"domain": "nonsense", "reason": "rival"})
    assert bad.status_code == 422 and 'value="nonsense"' in bad.text and 'value="rival"' in bad.text
    cleo.post("/admin/blocked-domains", {"domain": "Rival.example", "reason": "rival"})
    assert "rival.example" in cleo.get("/admin/blocked-domains").text
    cleo.post("/admin/blocked-domains/unblock", {"domain": "rival.example"})
    shown = cleo.get("/admin/blocked-domains").text
    assert "No domain is blocked" in shown and "domain=rival.example" in shown, "the way back"
    cleo.post("/admin/blocked-domains?domain=rival.example&reason=rival")
    assert "<strong>rival.example</strong>" in cleo.get("/admin/blocked-domains").text


def test_people_change_owner_and_basis_and_unsubscribe_many_at_once(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        ids = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(2)]
    ana = browse(cast.ana)
    ana.post("/people/bulk", {"do": "consent", "consent": "contract", "person": ids})
    assert "The basis is noted for 2 people." in ana.get("/people?consent=contract").text
    ana.post("/people/bulk", {"do": "unsubscribe", "person": ids[:1]})
    shown = ana.get("/people?group=unsubscribed").text
    assert "1 person found" in shown and "1 address unsubscribed." in shown
    ana.post("/people/bulk", {"do": "give", "owner": cast.ben.id, "person": ids})
    assert "2 people have a new owner." in ana.get("/people").text
    assert "Nobody found" in ana.get("/people?group=mine").text
    assert ana.post("/people/bulk", {"do": "give", "owner": cast.ana.id, "person": ids}).status_code == 403
    with work() as uow:
        assert uow.session.get_one(Person, ids[0]).owner_id == cast.ben.id


def test_what_somebody_who_left_owned_is_given_away_on_the_page_of_users(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        a_person(uow, cast.ana)
        deactivate(uow, cast.cleo, cast.ana.id)
    cleo = browse(cast.cleo)
    assert "Ana Lind, who was deactivated, owns 1 person" in cleo.get("/users").text
    assert cleo.post(f"/users/{cast.ana.id}/belongings", {"owner": cast.ben.id}).status_code == 303
    assert "Given: 1 person." in cleo.get("/users").text


def test_the_profile_changes_name_zone_and_password(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        uow.session.get_one(User, cast.ana.id).password_hash = hash_password("correct horse")
    ana, elsewhere = browse(cast.ana), browse(cast.ana)
    bad = ana.post("/settings/profile", {"first_name": "Åsa", "zone": "Mars/Olympus"})
    assert bad.status_code == 422 and 'value="Åsa"' in bad.text and "Choose a time zone" in bad.text
    typed = {"first_name": "Åsa", "last_name": "Lind", "title": "Sales", "zone": "Europe/Oslo"}
    assert ana.post("/settings/profile", typed).status_code == 303
    for wrong, words in (
        (
            {"former": "nonsense", "password": "a new one here", "again": "a new one here"},
            "not your password",
        ),
        ({"former": "correct horse", "password": "a new one here", "again": "another"}, "do not agree"),
        ({"former": "correct horse", "password": "short", "again": "short"}, "ten characters"),
    ):
        answer = ana.post("/settings/profile/password", wrong)
        assert answer.status_code == 422 and words in answer.text
    fine = {"former": "correct horse", "password": "a new one here", "again": "a new one here"}
    assert ana.post("/settings/profile/password", fine).status_code == 303
    assert ana.get("/settings/profile").status_code == 200
    assert elsewhere.get("/people").status_code == 303, "signed out on the other device"
    with work() as uow:
        user = uow.session.get_one(User, cast.ana.id)
        assert (user.name, user.title, user.zone) == ("Åsa Lind", "Sales", "Europe/Oslo")
