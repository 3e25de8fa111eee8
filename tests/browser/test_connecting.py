"""A rep connects the own mailbox in a browser: to Google or Microsoft and back, under the policy of our pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.serving import serving
from tests.stand_ins.vendors import Vendor
from tests.stand_ins.worlds import settings_of

pytestmark = pytest.mark.browser

ANA = "ana@nordlys.example"
PATIENCE = 15_000  # ms for an answer while other tests keep the machine busy


@pytest.fixture
def page(demo: Path, browser: Browser, tmp_path: Path, vendor: Vendor) -> Iterator[Page]:
    """Ana on her Mailbox page, of an installation that knows this provider."""
    known = {name.upper(): str(value) for name, value in settings_of(vendor.server).items()}
    with serving(demo, tmp_path / "served", more=known) as link:
        context = browser.new_context(base_url=link.partition("/sign-in")[0], ignore_https_errors=True)
        page = context.new_page()
        expect.set_options(timeout=PATIENCE)
        page.goto(link)
        page.goto("/mailbox")
        yield page
        expect.set_options(timeout=5_000)
        context.close()


def test_a_rep_says_no_then_yes_then_connects_again_and_disconnects(page: Page, vendor: Vendor) -> None:
    server, label = vendor.server, vendor.name.title()
    server.declines = True
    page.get_by_role("button", name=f"Connect by {label}").click()
    expect(page.get_by_role("alert")).to_contain_text("You did not give your permission")
    server.declines = False
    page.get_by_role("button", name=f"Connect by {label}").click()
    expect(page.get_by_text(f"{ANA} is connected by {label}.")).to_be_visible()
    expect(page.get_by_text("Everything allowed")).to_be_visible()
    server.tokens.revoke(ANA)
    page.get_by_role("button", name="Check the connection").click()
    expect(page.get_by_text(f"{label} lets us in no longer, so all mail from here waits.")).to_be_visible()
    page.get_by_role("button", name=f"Connect again by {label}").click()
    expect(page.get_by_text(f"{ANA} is connected by {label}.")).to_be_visible()
    assert page.url.endswith("/mailbox"), "neither code nor state stays in the address"
    page.get_by_role("button", name=f"Disconnect {label}").click()
    expect(page.get_by_text(f"{label} is disconnected, so all mail from here waits.")).to_be_visible()
    page.get_by_role("button", name=f"Connect again by {label}").click()
    expect(page.get_by_text(f"{ANA} is connected by {label}.")).to_be_visible()
