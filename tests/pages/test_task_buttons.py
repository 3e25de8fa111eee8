"""The buttons of a row are drawn once for every kind of row: what is seen is what each row by itself would show."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask, g, get_template_attribute

from sales_campaigns.accounts.models import User
from sales_campaigns.tasks.models import TaskKind
from sales_campaigns.tasks.queue import task_lines
from sales_campaigns.tasks.wanted import TO_DO, Wanted
from sales_campaigns.tasks.working import remind
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from web.parts.task_buttons import NAME, TASK, buttons, drawn, shape_of

Browse = Callable[[User], Browser]


@pytest.mark.parametrize("name", ["Call", '<b>"A" & B</b>', f"{TASK} {NAME} {NAME}", "\\1 {{ name }} %s"])
def test_drawn_once_is_drawn_for_each(app: Flask, work: Work, cast: Cast, name: str) -> None:
    with work() as uow:
        for kind in TaskKind:
            who = a_person(uow, cast.ana, f"{kind}@example.com", first_name="O'Neil", last_name=name)
            remind(uow, cast.ana, name=name, due_at=uow.now, kind=kind, person=who)
        lines, _ = task_lines(uow.session, cast.ana, Wanted(TO_DO, assignee_id=cast.ana.id), uow.now)
        assert len(lines) == len(TaskKind)
        with app.test_request_context():
            g.mailbox_label = "Gmail"  # of a mailbox that holds drafts: one more entry for mails
            macro = get_template_attribute("components/task_row.html", "acts")
            for line in (*lines, *lines):
                assert line.person is not None
                by_itself = buttons(shape_of(line, cast.ana.id), line.task.id, line.person.id, uow.now)
                row = {"id": line.task.id, "name": name, "person": {"name": line.person.name}, **by_itself}
                assert drawn(line, uow.now, cast.ana.id) == macro(row)


def test_enter_in_another_time_snoozes_until_then(browse: Browse, work: Work, cast: Cast) -> None:
    """The field has a form of its own: pressing Enter takes a form's first button, which was “In 1 hour”."""
    with work() as uow:
        task = remind(uow, cast.ana, name="Call", due_at=uow.now + timedelta(hours=1), kind=TaskKind.CALL).id
    shown = browse(cast.ana).get(f"/tasks/{task}").text
    (form,) = [one for one in re.findall(r"<form.*?</form>", shown, re.S) if "until_local" in one]
    assert 'name="until"' not in form and f'action="/tasks/{task}/snooze"' in form
