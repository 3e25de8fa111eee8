"""Campaign files and stored campaigns: in, out, and in again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales_campaigns.campaigns.creating import create_campaign
from sales_campaigns.campaigns.drafts import with_step
from sales_campaigns.campaigns.editing import add_step
from sales_campaigns.campaigns.file import CampaignFile, read_campaign, write_campaign
from sales_campaigns.campaigns.filing import export_campaign, import_campaign
from sales_campaigns.campaigns.models import Campaign, CampaignVersion
from sales_campaigns.campaigns.planner import IfPast, SendOption, StepKind
from sales_campaigns.campaigns.states import CAMPAIGN
from sales_campaigns.campaigns.versions import drafts_of, in_force, newest, save_version
from sales_campaigns.content.models import Wording
from sales_campaigns.content.templates import TemplateDraft, create_template
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.enrollments.changes.file_changes import plan_file
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.unit_of_work import UnitOfWork
from tests.cast import Cast
from tests.conftest import Work
from tests.stories.plots import plots

OUTREACH = """\
format: sales-campaign/1
name: "Q4 CFO outreach"
category: "Outbound"
settings:
  skip_weekends: true
  holidays: "SE"
  send_window: {from: "08:00", to: "18:00"}
  timezone: recipient
  on_reply: end_success
  remove_on_bounce: false
  out_of_office: ignore
  late: {limit: 30m, then: ask}
  tracking: {opens: false, clicks: true}
steps:
  - day: 1
    type: email
    send: choose
    subject: "Quick question, {{ first_name | default: 'there' }}"
    html: "<p>Hello</p>"
  - day: 3
    type: email
    send: at
    at: "09:00"
    follow_up: true
    quote: sent
    html: "<p>Just one more thing</p>"
    text: "Just one more thing"
  - day: 3
    type: call
    name: "Call about the question"
    details: "Ask about routes"
    priority: high
    skip_after: 10d
"""


@st.composite
def legal_files(draw: st.DrawFn) -> CampaignFile:
    """Any settings and legal steps, with words that another reader could mistake."""
    file, line = draw(plots()).wish.campaign, st.sampled_from(["NO", "12:30", "a: b", "“x”", "# 1", "é", "~"])
    words = line | st.sampled_from(["x\ny", " a", "\ta"])
    steps = [
        replace(step, html=f"<p>{draw(words)}</p>", subject=step.subject and draw(line))
        if step.outline.kind is StepKind.EMAIL
        else replace(step, name=draw(line), details=draw(words))
        for step in file.steps
    ]
    return replace(file, steps=tuple(steps), category=draw(line))


@pytest.fixture
def uow(work: Work) -> Iterator[UnitOfWork]:
    with work() as uow:
        yield uow


def changed(old: str, new: str) -> CampaignFile:
    assert old in OUTREACH
    return read_campaign(OUTREACH.replace(old, new))


def test_it_comes_out_byte_for_byte_as_it_went_in(uow: UnitOfWork, cast: Cast) -> None:
    first = import_campaign(uow, cast.ana, read_campaign(OUTREACH)).campaign
    written = write_campaign(export_campaign(uow.session, first))
    assert read_campaign(written) == read_campaign(OUTREACH)
    import_campaign(uow, cast.ana, read_campaign(written))
    assert write_campaign(export_campaign(uow.session, first)) == written


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=legal_files())
def test_any_file_comes_out_of_the_database_byte_for_byte_stable(
    work: Work, cast: Cast, file: CampaignFile
) -> None:
    """The rule: `campaign export` writes what `campaign import` reads, byte for byte stable."""
    with work() as uow:
        savepoint = uow.session.begin_nested()
        campaign = import_campaign(uow, cast.ana, file).campaign
        written = write_campaign(export_campaign(uow.session, campaign))
        import_campaign(uow, cast.ana, read_campaign(written))
        assert write_campaign(export_campaign(uow.session, campaign)) == written
        assert plan_file(uow, cast.ana, read_campaign(written)).nothing
        savepoint.rollback()


def test_it_makes_a_campaign_and_then_versions_of_it(uow: UnitOfWork, cast: Cast) -> None:
    first = import_campaign(uow, cast.ana, read_campaign(OUTREACH))
    second = import_campaign(uow, cast.ben, changed("Hello", "Good morning"))
    assert (first.created, second.created) == (True, False)
    assert second.campaign.id == first.campaign.id
    assert (first.version.number, second.version.number, second.campaign.version) == (1, 2, 2)


def test_it_keeps_the_keys_of_steps_that_stay_in_their_place(uow: UnitOfWork, cast: Cast) -> None:
    first = import_campaign(uow, cast.ana, read_campaign(OUTREACH))
    second = import_campaign(uow, cast.ana, changed("type: call", "type: custom"))
    before, after = drafts_of(first.version), drafts_of(second.version)
    assert [old.key == new.key for old, new in zip(before, after, strict=True)] == [True, True, False]
    assert uow.session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 2


def test_it_leaves_a_running_campaign_alone_until_the_changes_are_applied(
    uow: UnitOfWork, cast: Cast
) -> None:
    campaign = import_campaign(uow, cast.ana, read_campaign(OUTREACH)).campaign
    uow.move(CAMPAIGN, campaign, "launch")
    filed = import_campaign(uow, cast.ana, changed("Hello", "Good morning"))
    assert filed.in_force is False
    assert in_force(uow.session, campaign).number == 1
    assert newest(uow.session, campaign).number == 2


def test_it_copies_the_words_of_a_template_and_remembers_its_name(uow: UnitOfWork, cast: Cast) -> None:
    create_template(uow, cast.ben, TemplateDraft("Opening", "Routes", "<p>How do you plan routes?</p>"))
    named = changed(
        """    subject: "Quick question, {{ first_name | default: 'there' }}"
    html: "<p>Hello</p>"
""",
        "    template: Opening\n",
    )
    filed = import_campaign(uow, cast.ana, named)
    step = drafts_of(filed.version)[0]
    assert uow.session.get_one(Wording, step.wording_id).subject == "Routes"
    exported = export_campaign(uow.session, filed.campaign).steps[0]
    assert (exported.template, exported.from_template, exported.subject) == (None, "Opening", "Routes")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('html: "<p>Hello</p>"', 'html: "{{ oh"', "steps.0.html"),
        ("Quick question, {{ first_name | default: 'there' }}", "{{! who }}", "steps.0.subject"),
        ("    follow_up: true\n    quote: sent\n", "", "steps.1.subject"),
    ],
)
def test_it_applies_nothing_of_a_file_with_words_that_cannot_be_sent(
    uow: UnitOfWork, cast: Cast, old: str, new: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        import_campaign(uow, cast.ana, changed(old, new))
    assert refused.value.problems.keys() == {field}
    assert uow.session.scalar(sa.select(sa.func.count()).select_from(Campaign)) == 0


def test_it_refuses_a_template_that_the_team_does_not_have(uow: UnitOfWork, cast: Cast) -> None:
    create_template(uow, cast.dirk, TemplateDraft("Opening", "Routes", "<p>Routes?</p>"))
    named = changed(
        """    subject: "Quick question, {{ first_name | default: 'there' }}"
    html: "<p>Hello</p>"
""",
        "    template: Opening\n",
    )
    with pytest.raises(Invalid, match="no template called “Opening”"):
        import_campaign(uow, cast.ana, named)


def test_it_writes_only_what_it_reads_back(uow: UnitOfWork, cast: Cast) -> None:
    """A mail that was a follow-up and a task once keeps no trace of it that a file would be refused for."""
    file = changed('    subject: "Quick', '    name: "Odd"\n    subject: "Quick')
    campaign = import_campaign(uow, cast.ana, file).campaign
    step = drafts_of(newest(uow.session, campaign))[1]
    was = replace(
        step, priority="high", details="Once a task", follow_up=False, send=SendOption.TASK, at=None
    )
    later = replace(was, send=SendOption.SAME_AS_PREVIOUS, if_past=IfPast.NOW, quote="sent")
    for odd in (was, later):
        steps = with_step(drafts_of(newest(uow.session, campaign)), odd)
        save_version(uow, cast.ana, campaign, steps, {})
        exported = export_campaign(uow.session, campaign)
        assert read_campaign(write_campaign(exported)) == exported


def test_it_takes_back_a_draft_whose_words_are_not_written(uow: UnitOfWork, cast: Cast) -> None:
    campaign = create_campaign(uow, cast.ana, "Half done")
    with pytest.raises(Invalid, match="no steps yet"):
        export_campaign(uow.session, campaign)
    add_step(uow, cast.ana, campaign.id, StepKind.EMAIL, 1)
    exported = read_campaign(write_campaign(export_campaign(uow.session, campaign)))
    assert import_campaign(uow, cast.ana, exported).created is False
    assert drafts_of(newest(uow.session, campaign))[0].wording_id is None


def test_it_never_touches_another_teams_campaign_or_an_archived_one(uow: UnitOfWork, cast: Cast) -> None:
    mine = import_campaign(uow, cast.ana, read_campaign(OUTREACH)).campaign
    assert import_campaign(uow, cast.dirk, read_campaign(OUTREACH)).created is True
    uow.move(CAMPAIGN, mine, "archive")
    with pytest.raises(IllegalMove, match="Restore it"):
        import_campaign(uow, cast.ana, read_campaign(OUTREACH))
    versions = sa.select(sa.func.count()).where(CampaignVersion.campaign_id == mine.id)
    assert uow.session.scalar(versions) == 1
