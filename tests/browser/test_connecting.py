"""A rep connects the own mailbox in a browser: to Google and back, under the policy of our pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.serving import serving
from tests.stand_ins.google import CLIENT, SECRET, Google

pytestmark = pytest.mark.browser

ANA = "ana@nordlys.example"
PATIENCE = 15_000  # ms for an answer while other tests keep the machine busy


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as made:
        yield made


@pytest.fixture
def page(demo: Path, browser: Browser, tmp_path: Path, google: Google) -> Iterator[Page]:
    """Ana on her Mailbox page, of an installation that knows Google."""
    known = {"GOOGLE_CLIENT_ID": CLIENT, "GOOGLE_CLIENT_SECRET": SECRET, "GMAIL_API_URL": google.address}
    ends = {"GOOGLE_ACCOUNTS_URL": google.address, "GOOGLE_TOKEN_URL": f"{google.address}/token"}
    with serving(demo, tmp_path / "served", **known, **ends) as link:
        context = browser.new_context(base_url=link.partition("/sign-in")[0])
        page = context.new_page()
        expect.set_options(timeout=PATIENCE)
        page.goto(link)
        page.goto("/mailbox")
        yield page
        expect.set_options(timeout=5_000)
        context.close()


def test_a_rep_says_no_then_yes_then_connects_again(page: Page, google: Google) -> None:
    google.allows = ()
    page.get_by_role("button", name="Connect by Gmail").click()
    expect(page.get_by_role("alert")).to_contain_text("You did not give your permission")
    google.allows = None
    page.get_by_role("button", name="Connect by Gmail").click()
    expect(page.get_by_text(f"{ANA} is connected by Gmail.")).to_be_visible()
    expect(page.get_by_text("Everything allowed")).to_be_visible()
    google.tokens.revoke(ANA)
    page.get_by_role("button", name="Check the connection").click()
    expect(page.get_by_text("Gmail lets us in no longer, so all mail from here waits.")).to_be_visible()
    page.get_by_role("button", name="Connect again by Gmail").click()
    expect(page.get_by_text(f"{ANA} is connected by Gmail.")).to_be_visible()
    assert page.url.endswith("/mailbox"), "neither code nor state stays in the address"
