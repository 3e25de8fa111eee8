"""Every route, whoever wrote it: nobody gets in without signing in, and nobody sees another team's rows.

The routes are read from the application, so that one which was forgotten here fails here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from sales_campaigns.absence.models import Rescue, RescueKind
from sales_campaigns.accounts.channels.verifying import ask_code
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.api_access.issuing import TokenWish, make_token
from sales_campaigns.api_access.models import ApiToken
from sales_campaigns.calendars.models import Leave, LeaveKind, LeaveState, OwnHoliday, Schedule
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.content.attachments import Upload
from sales_campaigns.content.bundles import gather
from sales_campaigns.content.models import Bundle, Template, TemplateVersion
from sales_campaigns.content.snippets import SnippetDraft, create_snippet
from sales_campaigns.content.wordings import wording_of
from sales_campaigns.crm.models import CrmAddition, CrmConnection
from sales_campaigns.deliveries.continuous.choosing import choose_incremental
from sales_campaigns.deliveries.continuous.models import Increment, IncrementState, Intake
from sales_campaigns.deliveries.incremental import Incremental, Mode
from sales_campaigns.deliveries.models import Delivery, DeliveryState, DeliveryTemplate, Stage
from sales_campaigns.deliveries.proofing.models import TestProfile
from sales_campaigns.deliveries.recurrence import Every, Recurrence
from sales_campaigns.deliveries.typology.models import RuleKind, TypologyRule
from sales_campaigns.deliveries.variants.models import AbTest, DeliveryVariant
from sales_campaigns.deliveries.variants.plan import Chooser, Measure
from sales_campaigns.enrollments.answers.opting_out import unsubscribe_many
from sales_campaigns.enrollments.detours.keeping import keep
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.mailbox_drafts.models import OwnMail
from sales_campaigns.messages.models import Draft, Message
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.messages.outbox.drafting import About, save_draft
from sales_campaigns.people.models import Group, Person
from sales_campaigns.people.uploading import upload
from sales_campaigns.rehearsals.asking import Wanted, ask_rehearsal
from sales_campaigns.rehearsals.models import RehearsedMail
from sales_campaigns.saved_views.models import ListName
from sales_campaigns.saved_views.saving import save_view
from sales_campaigns.settings import Settings
from sales_campaigns.tasks.models import Task
from sales_campaigns.webhooks.keeping import HookWish, add_webhook
from sales_campaigns.webhooks.keeping import test_webhook as a_test_call
from tests.builders import a_call, a_campaign, a_delivery, a_mail
from tests.cast import Cast, a_person
from tests.channels import a_channel
from tests.conftest import Work
from tests.pages.conftest import Browser, browser_of

OPEN = {"static", "sign_in", "public", "api"}  # programs are asked for by tests/api
# some routes look at the form before they look for the row
TYPED = {"day": "1", "kind": "call", "until": "1d", "do": "pause"}
FOR_ADMINISTRATORS = {
    "GET /users",
    "GET /admin",
    "GET /admin/archive",
    "GET /admin/bounce-rules",
    "GET /admin/channels",
    "GET /admin/channels/<int:channel_id>",
    "GET /admin/crm",
    "GET /admin/crm/diagnostics",
    "GET /admin/crm/users",
    "GET /admin/health",
    "GET /admin/mailboxes",
    "GET /admin/holidays",
    "GET /admin/schedules",
    "GET /admin/schedules/<int:schedule_id>",
    "GET /admin/quarantine",
    "GET /admin/retention",
    "GET /admin/retries",
    "GET /admin/personal-data",
    "GET /set-aside",
    "GET /setup",
    "GET /admin/policies",
    "GET /admin/roles",
    "GET /admin/audit",
    "GET /admin/audit/audit.csv",
    "GET /admin/blocked-domains",
    "GET /admin/domain-limits",
    "GET /admin/webhooks",
    "GET /admin/webhooks/<int:webhook_id>",
    "GET /settings/calls",
    "GET /settings/unsubscribe",
    "GET /team",
    "GET /team/<int:user_id>/queue",
    "GET /deliveries/new",
    "GET /delivery-templates/new",
    "GET /sending-policy/new",
}
ACTS_OF_ADMINISTRATORS = {
    "POST /admin/archive/file",
    "POST /admin/blocked-domains",
    "POST /admin/domain-limits",
    "POST /admin/domain-limits/lift",
    "POST /attachments/<digest>/<int:position>/withdraw",
    "POST /admin/blocked-domains/unblock",
    "POST /admin/bounce-rules",
    "POST /admin/bounce-rules/delete",
    "POST /admin/bounce-rules/keep",
    "POST /admin/bounce-rules/restore",
    "POST /admin/channels",
    "POST /admin/channels/<int:channel_id>",
    "POST /admin/channels/<int:channel_id>/check",
    "POST /admin/channels/<int:channel_id>/take-away",
    "POST /admin/crm/check",
    "POST /admin/crm/connect",
    "POST /admin/crm/diagnostics/retry",
    "POST /admin/crm/disconnect",
    "POST /admin/crm/fields",
    "POST /admin/crm/key",
    "POST /admin/crm/switches",
    "POST /admin/crm/users",
    "POST /admin/holidays",
    "POST /admin/holidays/<int:holiday_id>/drop",
    "POST /admin/mailboxes/<provider>/connect",
    "POST /admin/mailboxes/<provider>/key",
    "POST /admin/mailboxes/<provider>/key/take-away",
    "POST /admin/policies",
    "POST /admin/schedules",
    "POST /admin/schedules/<int:schedule_id>",
    "POST /admin/schedules/<int:schedule_id>/drop",
    "POST /admin/retention",
    "POST /admin/retries",
    "POST /admin/personal-data/erase",
    "POST /admin/personal-data/file",
    "POST /admin/quarantine/add",
    "POST /admin/quarantine/again",
    "POST /admin/quarantine/release",
    "POST /admin/quarantine/remove",
    "POST /admin/webhooks",
    "POST /admin/webhooks/<int:webhook_id>",
    "POST /admin/webhooks/<int:webhook_id>/calls/<int:call_id>/replay",
    "POST /admin/webhooks/<int:webhook_id>/delete",
    "POST /admin/webhooks/<int:webhook_id>/test",
    "POST /deliveries",
    "POST /deliveries/<int:delivery_id>/approvals/<kind>",
    "POST /deliveries/<int:delivery_id>/ab-test",
    "POST /deliveries/<int:delivery_id>/ab-test/variants",
    "POST /deliveries/<int:delivery_id>/ab-test/variants/<letter>",
    "POST /deliveries/<int:delivery_id>/ab-test/variants/<letter>/choose",
    "POST /deliveries/<int:delivery_id>/ab-test/variants/<letter>/remove",
    "POST /deliveries/<int:delivery_id>/confirm",
    "POST /deliveries/<int:delivery_id>/continuous",
    "POST /deliveries/<int:delivery_id>/continuous/reset",
    "POST /deliveries/<int:delivery_id>/continuous/runs/<int:number>/confirm",
    "POST /deliveries/<int:delivery_id>/continuous/runs/<int:number>/drop",
    "POST /deliveries/<int:delivery_id>/continuous/single",
    "POST /deliveries/<int:delivery_id>/confirm/ask",
    "POST /deliveries/<int:delivery_id>/delete",
    "POST /deliveries/<int:delivery_id>/duplicate",
    "POST /deliveries/<int:delivery_id>/edit",
    "POST /deliveries/<int:delivery_id>/pause",
    "POST /deliveries/<int:delivery_id>/prepare",
    "POST /deliveries/<int:delivery_id>/prepare/stop",
    "POST /deliveries/<int:delivery_id>/proofs",
    "POST /deliveries/<int:delivery_id>/resume",
    "POST /deliveries/<int:delivery_id>/stop",
    "POST /deliveries/<int:delivery_id>/unschedule",
    "POST /leave/of/<int:user_id>/pause",
    "POST /leave/of/<int:user_id>/resume",
    "POST /people/<int:person_id>/resubscribe",
    "POST /delivery-templates",
    "POST /delivery-templates/<int:settings_id>",
    "POST /delivery-templates/<int:settings_id>/delete",
    "POST /deliveries/<int:delivery_id>/compute",
    "POST /deliveries/<int:delivery_id>/settings-as-template",
    "POST /test-profiles",
    "POST /test-profiles/<int:profile_id>",
    "POST /test-profiles/<int:profile_id>/delete",
    "POST /sending-policy",
    "POST /sending-policy/<int:rule_id>",
    "POST /sending-policy/<int:rule_id>/delete",
    "POST /sending-policy/<int:rule_id>/switch",
    "POST /sending/confirm",
    "POST /sending/release",
    "POST /sending/stop",
    "POST /set-aside",
    "POST /setup/dismiss",
    "POST /setup/test",
    "POST /settings/calls",
    "POST /settings/unsubscribe",
    "POST /team/<int:user_id>/reassign",
    "POST /team/<int:user_id>/view-as",
    "POST /users",
    "POST /users/<int:user_id>/activate",
    "POST /users/<int:user_id>/belongings",
    "POST /users/<int:user_id>/deactivate",
    "POST /users/<int:user_id>/end-held",
    "POST /users/<int:user_id>/hand-over",
    "POST /users/<int:user_id>/link",
    "POST /users/<int:user_id>/mailbox",
    "POST /users/<int:user_id>/rights",
}
# What its owner may do, and a teammate may not.
ACTS_OF_THE_OWNER = {
    "POST /campaigns/<int:campaign_id>/apply",
    "POST /campaigns/<int:campaign_id>/launches/<int:launch_id>/take-back",
    "POST /groups/<int:group_id>",
    "POST /groups/<int:group_id>/delete",
    "POST /leave/<int:leave_id>/again",
    "POST /leave/<int:leave_id>/cancel",
    "POST /mailbox/identities/<int:identity_id>/let-go",
    "POST /sending/mailboxes/<int:mailbox_id>/release",
    "POST /sending/mailboxes/<int:mailbox_id>/stop",
}
REFUSED: dict[str, set[str]] = {
    "owner": FOR_ADMINISTRATORS | ACTS_OF_ADMINISTRATORS,
    "teammate": FOR_ADMINISTRATORS | ACTS_OF_ADMINISTRATORS | ACTS_OF_THE_OWNER,
    "administrator": set(),
}
# what no teammate is shown: the rows that Ana chose in a CRM
HIDDEN = {"teammate": {"GET /people/crm/chosen/<int:addition_id>"}}
Browse = Callable[[User], Browser]
Ids = dict[str, Any]
# area → what its addresses mean by a name that others use for something else
OTHERWISE: dict[str, Ids] = {"ab_test": {"letter": "B", "do": "choose"}}


def rules(app: Flask) -> Iterator[Rule]:
    """What deletes comes last, so that the others find their rows."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule.endswith("/delete")):
        if rule.endpoint.partition(".")[0] not in OPEN:
            yield rule


def test_no_address_belongs_to_two_pages(app: Flask) -> None:
    named = [
        (rule.rule, method) for rule in rules(app) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]
    assert sorted(one for one, times in Counter(named).items() if times > 1) == []


def answers(app: Flask, browser: Browser, ids: Ids, owned_only: bool) -> Iterator[tuple[str, int, str]]:
    """(method and path, status, where to) of every route; acts come after the pages, which they would change."""
    asked = [
        (method, rule) for rule in rules(app) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]
    for method, rule in sorted(asked, key=lambda one: (one[0] != "GET", one[1].rule)):
        if owned_only and not rule.arguments:
            continue
        unknown = rule.arguments - ids.keys()
        assert not unknown, f"tell this test whose row {unknown} of {rule.rule} is"
        with app.test_request_context():
            path = app.url_map.bind("localhost").build(rule.endpoint, arguments(rule, ids))
        answer = browser.get(path) if method == "GET" else browser.post(f"{path}?kind=call", TYPED)
        yield f"{method} {rule.rule}", answer.status_code, answer.headers.get("Location", "")


def arguments(rule: Rule, ids: Ids) -> Ids:
    meant = ids | OTHERWISE.get(rule.endpoint.partition(".")[0], {})
    return {name: meant[name] for name in rule.arguments}


def answers_of(app: Flask, browser: Browser, ids: Ids) -> Iterator[tuple[str, TestResponse]]:
    """(path, answer) of every page."""
    for rule in rules(app):
        if "GET" in (rule.methods or set()):
            with app.test_request_context():
                path = app.url_map.bind("localhost").build(rule.endpoint, arguments(rule, ids))
            yield path, browser.get(path)


@pytest.fixture
def ids(work: Work, cast: Cast, settings: Settings) -> Ids:
    """One row of everything, all of Ana's."""
    with work() as uow:
        session = uow.session
        person = a_person(uow, cast.ana)
        steps = [a_call(1), a_mail(uow, 1, at="09:00")]
        campaign = a_campaign(uow, cast.ana, steps)
        rehearsal = ask_rehearsal(uow, cast.ana, campaign.id, Wanted())
        launched = launch(uow, cast.ana, Order(campaign.id, [person.id]))
        open_due(uow)
        wording = wording_of(session, "Hello", "<p>Hello</p>")
        template = Template(
            team_id=cast.ana.team_id,
            owner_id=cast.ana.id,
            name="Hello",
            shared=True,
            wording_id=wording.id,
            changed_at=uow.now,
        )
        group = Group(
            team_id=cast.ana.team_id, owner_id=cast.ana.id, name="Fair", shared=True, created_at=uow.now
        )
        rows = BytesIO(b"Email,First Name\nmaria@example.com,Maria\n")
        found = upload(uow, cast.ana, settings.data_dir / "uploads", "people.csv", rows)
        session.add_all([template, group])
        session.flush()
        version = TemplateVersion(
            template_id=template.id,
            number=1,
            wording_id=wording.id,
            author_id=cast.ana.id,
            created_at=uow.now,
        )
        enrollment = session.scalars(sa.select(Enrollment)).one()
        delivery = a_continuous_delivery(uow, cast)
        an_ab_test(uow, delivery, wording.id)
        rule = TypologyRule(
            team_id=cast.ana.team_id,
            kind=RuleKind.FILTERING,
            name="Rivals",
            details={"words": "rival"},
            changed_at=uow.now,
        )
        profile = TestProfile(
            team_id=cast.ana.team_id, email="look@north.example", name="Look", created_at=uow.now
        )
        kept = DeliveryTemplate(
            team_id=cast.ana.team_id, author_id=cast.ana.id, name="Letters", changed_at=uow.now
        )
        session.add_all([rule, profile, kept])
        message = a_message(uow, cast, enrollment)
        mail = RehearsedMail(
            rehearsal_id=rehearsal.id,
            at=uow.now,
            person=person.email,
            came_back=False,
            sender=cast.ana.email,
            subject="Hello",
            message_id="<1@north.example>",
            text="Hello",
            html="<p>Hello</p>",
        )
        received = a_received_mail(uow, cast, person)
        session.add_all([version, message, mail, received])
        session.flush()
        return {
            "campaign_id": campaign.id,
            "key": newest(session, campaign).steps[0].key,
            "number": 1,
            "provider": "gmail",
            "letter": "A",
            "tab": "history",
            "draft_id": a_draft(uow, cast, person.id).id,
            "view_id": save_view(uow, cast.ana, ListName.TASKS, "Calls", {"kind": "call"}).id,
            "person_id": person.id,
            "template_id": template.id,
            "group_id": group.id,
            "import_id": found.id,
            "task_id": session.scalars(sa.select(Task.id)).one(),
            "message_id": message.id,
            "enrollment_id": enrollment.id,
            "launch_id": launched.id,
            "delivery_id": delivery.id,
            "rule_id": rule.id,
            "profile_id": profile.id,
            "settings_id": kept.id,
            "do": "confirm",
            "kind": "content",
            "mailbox_id": cast.ana_box.id,
            "token_id": a_token(uow, cast).id,
            **webhook_of(uow, cast),
            **channel_of(uow, cast),
            "user_id": cast.ana.id,
            **absence_of(uow, cast),
            **crm_of(uow, cast),
            "rehearsal_id": rehearsal.id,
            "mail_id": mail.id,
            "own_mail_id": an_own_mail(uow, cast),
            "received_id": received.id,
            "batch_id": a_detour(uow, cast, enrollment),
            "act_id": unsubscribe_many(
                uow, cast.ana, [a_person(uow, cast.ana, "out@example.com").id]
            ).batch_id,
            **content_of_the_team(uow, cast),
        }


def a_continuous_delivery(uow: Any, cast: Cast) -> Delivery:
    """With one run, which waits for a confirmation."""
    delivery = a_delivery(uow, cast.cleo)
    daily = Recurrence(Every.DAYS, 1, "2026-12-01T09:00", "Europe/Stockholm")
    choose_incremental(uow, cast.cleo, delivery.id, Incremental(Mode.NEW, daily))
    delivery.state, delivery.starts_at = DeliveryState.IN_PROGRESS, uow.now
    uow.session.add(Intake(delivery_id=delivery.id, number=1, since=uow.now, looked_at=uow.now))
    run = {"number": 1, "due_at": uow.now, "occasion": 0, "since": uow.now, "until": uow.now}
    counted = {"stage": Stage.OVER, "people": 1, "started_at": uow.now, "state": IncrementState.WAITING}
    uow.session.add(Increment(delivery_id=delivery.id, **run, **counted))
    uow.session.flush()
    return delivery


def an_ab_test(uow: Any, delivery: Delivery, wording_id: int) -> None:
    """With a variant B."""
    planned = {"share": 20, "measure": Measure.CLICKED, "hours": 4, "chooser": Chooser.PERSON}
    uow.session.add(AbTest(delivery_id=delivery.id, **planned))
    uow.session.flush()
    uow.session.add(DeliveryVariant(delivery_id=delivery.id, key="B", wording_id=wording_id))


def content_of_the_team(uow: Any, cast: Cast) -> Ids:
    """A file and a snippet of Ana's."""
    upload = Upload("offer.pdf", "application/pdf", b"%PDF")
    bundle_id = gather(uow, cast.ana, cast.ana.team_id, None, [upload])
    snippet = create_snippet(uow, cast.ana, SnippetDraft("Booking", "<p>Pick a time</p>"))
    digest = uow.session.get_one(Bundle, bundle_id).digest
    return {"digest": digest, "position": 0, "snippet_id": snippet.id}


def absence_of(uow: Any, cast: Cast) -> Ids:
    """A leave, an own holiday and a rescue: of Ana, and of her team."""
    day = uow.now.date()
    leave = Leave(
        team_id=cast.ana.team_id,
        user_id=cast.ana.id,
        first_day=day,
        last_day=day,
        begins_at=uow.now + timedelta(days=1),
        ends_at=uow.now + timedelta(days=2),
        how=LeaveKind.SHIFT,
        state=LeaveState.PLANNED,
        author_id=cast.ana.id,
        created_at=uow.now,
    )
    holiday = OwnHoliday(team_id=cast.ana.team_id, place="SE", day=day, free=True, author_id=cast.ana.id)
    rescue = Rescue(
        user_id=cast.ana.id, author_id=cast.ana.id, how=RescueKind.SKIP, at=uow.now, undo_until=uow.now
    )
    schedule = Schedule(team_id=cast.ana.team_id, name="Office", author_id=cast.ana.id, changed_at=uow.now)
    uow.session.add_all([leave, holiday, rescue, schedule])
    uow.session.flush()
    return {
        "leave_id": leave.id,
        "holiday_id": holiday.id,
        "rescue_id": rescue.id,
        "schedule_id": schedule.id,
    }


def crm_of(uow: Any, cast: Cast) -> Ids:
    """A CRM that has let nobody in yet, and rows that Ana chose there."""
    connection = CrmConnection(
        team_id=cast.ana.team_id, vendor="hubspot", look_at=uow.now, created_at=uow.now
    )
    uow.session.add(connection)
    uow.session.flush()
    chosen = CrmAddition(
        connection_id=connection.id, user_id=cast.ana.id, crm_ids=["1"], signature="s", created_at=uow.now
    )
    uow.session.add(chosen)
    uow.session.flush()
    return {"addition_id": chosen.id, "connection_id": connection.id}


def webhook_of(uow: Any, cast: Cast) -> Ids:
    """A webhook of Ana's team, which an administrator added, and a call to it."""
    row, _ = add_webhook(
        uow, cast.cleo, Seal("only for the tests, and long enough"), HookWish("https://hooks.example.com")
    )
    return {"webhook_id": row.id, "call_id": a_test_call(uow, cast.cleo, row.id).id}


def channel_of(uow: Any, cast: Cast) -> Ids:
    """A channel of Ana's team, and the address that she begins to verify on it."""
    channel = a_channel(uow, cast.cleo)
    identity, _ = ask_code(uow, cast.ana, channel.id, cast.ana_box.address)
    return {"channel_id": channel.id, "identity_id": identity.id}


def a_token(uow: Any, cast: Cast) -> ApiToken:
    return make_token(uow, cast.ana, TokenWish("A program"))[0]


def a_draft(uow: Any, cast: Cast, person_id: int) -> Draft:
    draft = save_draft(uow, cast.ana, About(person_id), Typed("Hello", "<p>Hi</p>", key="k"))
    assert draft is not None
    return draft


def an_own_mail(uow: Any, cast: Cast) -> int:
    """A mail that Ana sent from her own mailbox."""
    box = {"team_id": cast.ana.team_id, "mailbox_id": cast.ana_box.id}
    mail = OwnMail(**box, uid="1", at=uow.now, subject="Hello", raw=b"Subject: Hello\r\n\r\nHello")
    uow.session.add(mail)
    uow.session.flush()
    return mail.id


def a_detour(uow: Any, cast: Cast, enrollment: Enrollment) -> int:
    counted = {"first_key": "", "first_day": 1, "first_at": None, "slipped": 0}
    runs = list(uow.session.scalars(sa.select(StepRun.id)))
    before = {**counted, "runs": runs, "again": {}, "mails": {}, "waited": []}
    return keep(uow, cast.ana, "jumped", [{"enrollment_id": enrollment.id, "before": before}], {})


def a_message(uow: Any, cast: Cast, enrollment: Enrollment) -> Message:
    delivery = uow.session.scalars(sa.select(Delivery)).first()
    return Message(
        team_id=cast.ana.team_id,
        delivery_id=delivery.id,
        occasion=enrollment.id,
        email=enrollment.email,
        person_id=enrollment.person_id,
        sender_id=cast.ana.id,
        mailbox_id=cast.ana_box.id,
        due_at=uow.now,
        act_at=uow.now,
        valid_until=uow.now,
        created_at=uow.now,
    )


def a_received_mail(uow: Any, cast: Cast, person: Person) -> ReceivedMail:
    return ReceivedMail(
        team_id=cast.ana.team_id,
        mailbox_id=cast.ana_box.id,
        user_id=cast.ana.id,
        uid="1",
        at=uow.now,
        kind=MailKind.REPLY,
        person_id=person.id,
        raw=b"Subject: Hello\r\n\r\nHello",
    )


def test_it_lets_nobody_in_who_is_not_signed_in(app: Flask, ids: Ids) -> None:
    let_in = [
        (route, status)
        for route, status, to in answers(app, browser_of(app), ids, owned_only=False)
        if status != 303 or not to.startswith("/sign-in")
    ]
    assert let_in == []


def test_it_hides_the_rows_of_another_team(app: Flask, browse: Browse, cast: Cast, ids: Ids) -> None:
    shown = [
        (route, status)
        for route, status, _ in answers(app, browse(cast.dirk), ids, owned_only=True)
        if status != 404
        and not (
            status == 403 and ("/users" in route or "/leave/of" in route or "/admin/mailboxes" in route)
        )  # what no rep may do at all
    ]
    assert shown == [], "\n".join(map(str, shown))


@pytest.mark.parametrize(
    ("engine", "role"),
    [("sqlite", "owner"), ("postgresql", "teammate"), ("postgresql", "administrator")],
    indirect=["engine"],
)
def test_what_is_refused_to_a_role_is_listed_and_nothing_else_and_no_page_breaks(
    app: Flask, browse: Browse, cast: Cast, ids: Ids, role: str
) -> None:
    """Role by route by owner: the rows are Ana's, and whoever asks is refused what the lists above say."""
    user = {"owner": cast.ana, "teammate": cast.ben, "administrator": cast.cleo}[role]
    found = list(answers(app, browse(user), ids, owned_only=False))
    refused = {route for route, status, _ in found if status == 403}
    assert sorted(refused) == sorted(REFUSED[role])
    broken = [
        (route, status)
        for route, status, _ in found
        if route.startswith("GET") and status >= 400 and status != 403 and "/caught" not in route
        if route not in HIDDEN.get(role, ())
    ]
    assert broken == [], "\n".join(map(str, broken))
