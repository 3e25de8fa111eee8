"""Machine opens and clicks are stored with a reason and left out: who is taken for a machine."""

from __future__ import annotations

import pytest

from sales_campaigns.tracking.machines import Hit, machine_reason

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
OUTLOOK = "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


@pytest.mark.parametrize(
    ("hit", "reason"),
    [
        (Hit("GET", FIREFOX, after=60), ""),
        (Hit("GET", OUTLOOK, after=60), ""),
        (Hit("GET", GMAIL, after=60), ""),  # the proxy asks when a person looks
        (Hit("GET", FIREFOX), ""),
        (Hit("GET", FIREFOX, after=60, own=True), "own view"),
        (Hit("HEAD", FIREFOX, after=60), "only asked"),
        (Hit("GET", FIREFOX, "prefetch;prerender", after=60), "prefetch"),
        (Hit("GET", "Mozilla/5.0 Barracuda Sentinel", after=60), "scanner"),
        (Hit("GET", "curl/8.5", after=60), "program"),
        (Hit("GET", "Mozilla/5.0 (compatible; Googlebot/2.1)", after=60), "program"),
        (Hit("GET", "Slackbot-LinkExpanding 1.0", after=60), "program"),
        (Hit("GET", "", after=60), "program"),
        (Hit("GET", "Mozilla/5.0", after=60), "mail privacy"),
        (Hit("GET", FIREFOX, after=2), "too soon"),
        (Hit("GET", FIREFOX, after=5), ""),
    ],
)
def test_who_is_a_machine(hit: Hit, reason: str) -> None:
    assert machine_reason(hit) == reason
