"""The rule: the enrolment pauses until the return date if one is readable. What has two readings is not readable."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.messages.incoming.new_words import new_words
from sales_campaigns.messages.incoming.return_dates import return_date
from tests.mail_collection import BACK_ON, KINDS, MONDAY, facts


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind == "auto_reply"])
def test_the_day_that_each_automatic_reply_names(name: str) -> None:
    mail = facts(name)
    assert return_date(mail.subject, new_words(mail.text), MONDAY) == BACK_ON.get(name)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("I am out of the office until Monday, 7 December. For urgent matters call.", date(2026, 12, 7)),
        ("I'm away from 30 November through 4 December.", date(2026, 12, 5)),
        ("From 1 to 5 December I am in Paris.", date(2026, 12, 6)),
        ("I return 12/07/2026.", date(2026, 12, 7)),
        ("I will be back on 04/12/2026.", date(2026, 12, 4)),
        ("Until 7 Dec I am travelling; back in the office on Tuesday 8 Dec.", date(2026, 12, 8)),
        ("I'll be back on Monday, December 14 and will answer then.", date(2026, 12, 14)),
        ("I am back tomorrow.", date(2026, 12, 1)),
        ("Back on Monday.", date(2026, 12, 7)),
        ("On leave until January 11.", date(2027, 1, 11)),
        ("Am Montag, 7. Dezember, bin ich wieder da.", date(2026, 12, 7)),
        ("Ab Montag, dem 7.12., bin ich wieder erreichbar.", date(2026, 12, 7)),
        ("Ich bin bis 4.12. im Urlaub.", date(2026, 12, 5)),
        ("Je suis absente du 30/11 au 04/12.", date(2026, 12, 5)),
        ("À partir du 8 décembre je réponds.", date(2026, 12, 8)),
        ("Vuelvo el 9 de diciembre.", date(2026, 12, 9)),
        ("Torno il 9 dicembre.", date(2026, 12, 9)),
        ("Vanaf 7 december ben ik weer bereikbaar.", date(2026, 12, 7)),
        ("Åter den 7/12.", date(2026, 12, 7)),
        ("I will be back on 5/6.", None),
        ("I am away this week.", None),
        ("Call me on 030 123 45 67. Our meeting was on 3 November.", None),
        ("I was back on 27 November 2026.", None),
        ("Back on 31 February.", None),
        ("I am away until 7 December 2032.", None),
        ("Thank you for your mail of 2 December.", None),
    ],
)
def test_dates_as_people_write_them(text: str, back: date | None) -> None:
    assert return_date("", text, MONDAY) == back


@given(st.text(max_size=300), st.text(max_size=40))
def test_any_text_gives_a_later_day_or_none(text: str, subject: str) -> None:
    back = return_date(subject, text, MONDAY)
    assert back is None or MONDAY < back <= MONDAY + timedelta(days=301)


@given(st.integers(1, 80))
def test_an_iso_date_after_back_on_is_that_day(ahead: int) -> None:
    day = MONDAY + timedelta(days=ahead)
    assert return_date("", f"I will be back on {day.isoformat()}.", MONDAY) == day
