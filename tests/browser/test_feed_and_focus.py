"""What is pushed to a page never takes the focus away from where the reader is."""

from __future__ import annotations

from tests.browser.conftest import Visitor

PUSHED = "; ".join(
    f"document.dispatchEvent(new CustomEvent('htmx:{when}:swap'))" for when in ("before", "after")
)


def test_it_leaves_the_focus_alone_when_something_is_pushed(visit: Visitor) -> None:
    here = visit("tasks")
    here.page.evaluate("document.activeElement.blur()")
    here.page.evaluate(f"new Promise(done => {{ {PUSHED}; setTimeout(done, 50) }})")
    assert not here.at_hand.startswith("task-")
    here.press("j")
    assert here.at_hand == "task-1"
