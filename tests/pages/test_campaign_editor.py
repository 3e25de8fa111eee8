"""The campaign editor: each edit is saved at once and answered with the steps as they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns import editing
from sales_campaigns.campaigns.creating import create_campaign
from sales_campaigns.campaigns.drafts import Steps
from sales_campaigns.campaigns.editing import StepWords
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.planner import SendOption, StepKind
from sales_campaigns.campaigns.states import CAMPAIGN
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.enrollments.launches.launching import Order, launch
from tests.builders import a_call, a_campaign
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import plain

Browse = Callable[[User], Browser]
Queries = Callable[[], AbstractContextManager[list[str]]]
START = "start=2026-11-28T15:00&zone=Europe/Stockholm"


@dataclass
class Editor:
    """Ana's browser on one campaign: an e-mail on day 1, an e-mail and a call on day 3."""

    browser: Browser
    work: Work
    cast: Cast
    url: str
    campaign_id: int
    mail: str
    second: str
    call: str

    def get(self, query: str = "", **more: Any) -> str:
        return self.browser.get(f"{self.url}?{query}", **more).text

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self.browser.post(f"{self.url}/{path}", data, **more)

    def steps(self) -> Steps:
        with self.work() as uow:
            return drafts_of(newest(uow.session, campaign_of(uow.session, self.cast.ana, self.campaign_id)))


@pytest.fixture
def editor(browse: Browse, work: Work, cast: Cast) -> Editor:
    with work() as uow:
        campaign = create_campaign(uow, cast.ana, "Q4 CFO outreach")
        kinds = ((StepKind.EMAIL, 1), (StepKind.EMAIL, 3), (StepKind.CALL, 3))
        mail, second, call = (
            editing.add_step(uow, cast.ana, campaign.id, kind, day).key for kind, day in kinds
        )
        words = StepWords(subject="Quick question", html="<p>Hi</p>")
        editing.write_step(uow, cast.ana, campaign.id, mail, words)
    url = f"/campaigns/{campaign.id}"
    return Editor(browse(cast.ana), work, cast, url, campaign.id, mail, second, call)


def test_it_shows_days_with_their_dates_for_a_sample_start(editor: Editor) -> None:
    """Saturday 28 November: weekends are skipped, so day 1 is Monday."""
    shown = editor.get(START)
    assert "Mon 30 Nov" in shown and "Wed 2 Dec" in shown
    assert "Quick question" in shown and "weekends are skipped" in shown


def test_it_shows_every_option_and_greys_those_that_are_not_legal(editor: Editor) -> None:
    shown = editor.get()
    first = shown[shown.index(f'id="send-{editor.mail}"') : shown.index(f'id="step-{editor.second}"')]
    assert re.search(r'value="same_time" disabled', first)
    assert "has no e-mail before it" in first
    assert "Follow-up to the previous e-mail" not in first
    second = shown[shown.index(f'id="send-{editor.second}"') : shown.index(f'id="step-{editor.call}"')]
    assert re.search(r'value="choose" disabled', second)
    assert re.search(r'value="same_time" checked', second)
    assert "Replies in the thread of “Quick question”." in second


def test_it_says_what_keeps_people_from_being_added(editor: Editor) -> None:
    shown = editor.get()
    assert "Write the e-mail: it has no words yet." in shown
    assert "Say what is to be done." in shown


def test_it_adds_a_step_by_part_and_by_page(editor: Editor) -> None:
    assert editor.post("steps", {"kind": "inmail", "day": "4"}).status_code == 303
    part = editor.post("steps", {"kind": "custom", "day": "5"}, htmx=True)
    assert part.headers["HX-Retarget"] == "#campaign"
    assert [step.kind.value for step in editor.steps()[-2:]] == ["inmail", "custom"]
    assert 'id="day-5"' in part.text and part.text.lstrip().startswith('<div id="campaign"')
    assert plain(part.text) in plain(editor.get())


@pytest.mark.parametrize("typed", [{"kind": "fax", "day": "1"}, {"kind": "call", "day": "x"}, {}])
def test_it_refuses_a_step_that_no_page_offers(editor: Editor, typed: dict[str, str]) -> None:
    assert editor.post("steps", typed).status_code == 422
    assert len(editor.steps()) == 3


def test_it_shows_an_empty_day_to_add_to(editor: Editor) -> None:
    assert 'id="day-4"' in editor.get("day=4")


def test_it_saves_the_send_option_and_answers_with_its_effect(editor: Editor) -> None:
    typed = {"send": "at_time", "time": "09:12", "if_past": "now", "follow_up": "1", "quote": "sent"}
    part = editor.post(f"steps/{editor.second}/send?{START}", typed, htmx=True)
    assert "Leaves 09:12 on Wed 2 Dec" in part.text
    step = editor.steps()[1]
    assert (step.send, f"{step.at:%H:%M}", step.follow_up, step.quote) == (
        SendOption.AT,
        "09:12",
        True,
        "sent",
    )
    assert editor.post(f"steps/{editor.second}/send", {"send": "task"}).status_code == 303


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"send": "choose", "time": "10:11"}, "Only the first step of day 1"),
        ({"send": "at_time", "time": "25:61"}, "Write a time of day"),
        ({"send": "never", "time": "10:11"}, "Choose when the e-mail leaves"),
    ],
)
def test_it_refuses_what_is_not_legal_and_keeps_what_was_typed(
    editor: Editor, typed: dict[str, str], words: str
) -> None:
    for htmx in (True, False):
        answer = editor.post(f"steps/{editor.second}/send", typed, htmx=htmx)
        assert answer.status_code == 422
        assert words in answer.text and f'value="{typed["time"]}"' in answer.text
    assert editor.steps()[1].send is SendOption.SAME_AS_PREVIOUS


def test_it_deletes_with_undo_instead_of_a_question(editor: Editor) -> None:
    before = editor.steps()
    part = editor.post(f"steps/{editor.mail}/delete", htmx=True).text
    assert "The step is deleted." in part and "Check it." in part
    undo = re.search(rf'action="{editor.url}/(versions/\d+/bring-back)"', part)
    assert undo is not None and len(editor.steps()) == 2
    editor.post(undo[1])
    assert editor.steps() == before


def test_it_moves_and_retypes(editor: Editor) -> None:
    editor.post(f"steps/{editor.call}/move", {"move": "up"})
    assert [step.key for step in editor.steps()] == [editor.mail, editor.call, editor.second]
    editor.post(f"steps/{editor.call}/move?towards=later", htmx=True)
    assert editor.steps()[-1].day == 4
    editor.post(f"steps/{editor.call}/type?kind=inmail")
    assert editor.steps()[-1].kind is StepKind.INMAIL


def test_it_takes_the_order_of_the_page(editor: Editor) -> None:
    order = ["day:1", editor.mail, editor.call, "day:3", editor.second]
    assert editor.post("order", {"order": order}, htmx=True).status_code == 200
    assert [(step.key, step.day) for step in editor.steps()] == [
        (editor.mail, 1),
        (editor.call, 1),
        (editor.second, 3),
    ]
    assert editor.post("order", {"order": order[:-1]}).status_code == 422


def test_it_says_so_when_a_step_is_gone(editor: Editor) -> None:
    answer = editor.post("steps/none/move", {"move": "up"})
    assert answer.status_code == 404 and "no longer part of the campaign" in answer.text


def test_it_lets_changes_of_a_running_campaign_wait(editor: Editor) -> None:
    with editor.work() as uow:
        uow.move(CAMPAIGN, campaign_of(uow.session, editor.cast.ana, editor.campaign_id), "launch")
    assert "not in force yet" not in editor.get()
    editor.post(f"steps/{editor.call}/delete")
    assert "not in force yet" in editor.get()
    assert "The changes are thrown away." in editor.post("discard", htmx=True).text
    assert len(editor.steps()) == 3
    editor.post(f"steps/{editor.call}/delete")
    editor.post("apply")
    shown = editor.get()
    assert "The changes are in force." in shown and "not in force yet" not in shown
    assert editor.post("apply").status_code == 409


def test_it_says_what_the_changes_mean_and_puts_them_into_force_with_the_number(editor: Editor) -> None:
    """The rule: the editor says “affects N people” before saving."""
    with editor.work() as uow:
        campaign = a_campaign(uow, editor.cast.ana, [a_call(1), a_call(3, key="last")], name="Running")
        launch(uow, editor.cast.ana, Order(campaign.id, [a_person(uow, editor.cast.ana).id]))
    url = f"/campaigns/{campaign.id}"
    editor.browser.post(f"{url}/steps/last/delete")
    shown = editor.browser.get(f"{url}/effect").text
    assert "Affects 1 person: 0 move, 1 newly skipped." in shown
    assert "Put them into force for 1 person" in shown
    assert editor.browser.get(f"{url}/effect", htmx=True).text.lstrip().startswith('<div id="effect"')
    editor.browser.post(f"{url}/apply")
    assert "The changes are in force. Affects 1 person" in editor.browser.get(url).text


def test_a_colleague_is_told_who_can_put_changes_into_force(
    editor: Editor, browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1), a_call(3, key="last")], name="Running")
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    ben, url = browse(cast.ben), f"/campaigns/{campaign.id}"
    ben.post(f"{url}/steps/last/delete")
    assert "The owner of the campaign, an administrator" in ben.get(f"{url}/effect").text
    assert ben.post(f"{url}/apply").status_code == 403


def test_it_survives_a_sample_start_that_makes_no_sense(editor: Editor) -> None:
    assert "is no time zone" in editor.get("zone=Nowhere/Land")
    for start in ("yesterday", "9999-12-31T23:59", "0001-01-01T00:00"):
        assert "Write a date from 2000" in editor.get(f"start={start}")


@pytest.mark.parametrize(
    "path",
    [
        "steps",
        "order",
        "apply",
        "discard",
        "versions/1/bring-back",
        "settings",
        "steps/{mail}/send",
        "steps/{mail}/move",
        "steps/{mail}/delete",
        "steps/{mail}/type?kind=call",
        "steps/{mail}",
    ],
)
def test_it_hides_another_teams_campaign(editor: Editor, browse: Browse, path: str) -> None:
    stranger = browse(editor.cast.dirk)
    typed = {"kind": "call", "day": "1", "send": "task", "order": "day:1"}
    assert stranger.post(f"{editor.url}/{path.format(mail=editor.mail)}", typed).status_code == 404


@pytest.mark.parametrize("path", ["", "/settings", "/steps/{mail}"])
def test_it_shows_nothing_of_another_teams_campaign(editor: Editor, browse: Browse, path: str) -> None:
    url = f"{editor.url}{path.format(mail=editor.mail)}"
    assert editor.browser.get(url).status_code == 200
    assert browse(editor.cast.cleo).get(url).status_code == 200
    assert browse(editor.cast.dirk).get(url).status_code == 404


def test_it_needs_as_many_queries_for_many_steps_as_for_three(editor: Editor, queries: Queries) -> None:
    with queries() as few:
        editor.get()
    with editor.work() as uow:
        for day in range(4, 12):
            key = editing.add_step(uow, editor.cast.ana, editor.campaign_id, StepKind.EMAIL, day).key
            words = StepWords(subject=f"Mail of day {day}", html="<p>Hi</p>")
            editing.write_step(uow, editor.cast.ana, editor.campaign_id, key, words)
    with queries() as many:
        assert "Mail of day 11" in editor.get()
    assert len(many) == len(few)
