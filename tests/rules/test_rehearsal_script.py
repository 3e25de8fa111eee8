"""The script of a rehearsal: who does what with which mail."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sales_campaigns.errors import Invalid
from sales_campaigns.ports import Act, Deed
from sales_campaigns.rehearsals.presets import PRESETS
from sales_campaigns.rehearsals.script import acted_by, read_script

HEAD = "format: sales-rehearsal/1\nrecipients:\n"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVERYBODY = [f"p{n}@example.com" for n in range(6)]


def acts(*events: str) -> tuple[Act, ...]:
    does = "\n".join(f"      - {event}" for event in events)
    [part] = read_script(f'{HEAD}  - who: "*"\n    does:\n{does}\n')
    return part.acts


@pytest.mark.parametrize(
    ("event", "act"),
    [
        ("open after 2h", Act(Deed.OPEN, 2 * HOUR)),
        ("click", Act(Deed.CLICK, MINUTE)),
        ("reply", Act(Deed.REPLY, MINUTE)),
        ("reply after 1d Yes, call me after two.", Act(Deed.REPLY, DAY, "Yes, call me after two.")),
        ("out_of_office until 2026-12-07", Act(Deed.OUT_OF_OFFICE, MINUTE, until=date(2026, 12, 7))),
        ("out_of_office for 10d Back soon", Act(Deed.OUT_OF_OFFICE, MINUTE, "Back soon", 10 * DAY)),
        ("unsubscribe after 30m", Act(Deed.UNSUBSCRIBE, 30 * MINUTE)),
        ("complaint after 1h", Act(Deed.COMPLAINT, HOUR)),
        ("hard", Act(Deed.HARD)),
        ("hard after 5m", Act(Deed.HARD, 5 * MINUTE)),
        ("soft", Act(Deed.SOFT)),
        ("soft then fine", Act(Deed.SOFT_THEN_FINE)),
    ],
)
def test_it_reads_every_event(event: str, act: Act) -> None:
    assert acts(event) == (act,)


def test_each_event_waits_for_the_one_before_it() -> None:
    assert [act.after for act in acts("open after 2h", "click", "reply after 1d")] == [
        2 * HOUR,
        2 * HOUR + MINUTE,
        2 * HOUR + MINUTE + DAY,
    ]


def test_the_first_part_that_fits_address_and_mail_counts() -> None:
    parts = read_script(
        f"{HEAD}  - {{who: P0@example.com, mail: 2, does: [reply]}}\n"
        '  - {who: "p0@*", does: [open]}\n  - {who: "*", mail: every, does: [click]}\n'
    )
    script = acted_by(parts, EVERYBODY)
    done = [
        script(who, number)[0].deed
        for who, number in [("p0@example.com", 1), ("p0@example.com", 2), ("p3@example.com", 9)]
    ]
    assert done == [Deed.OPEN, Deed.REPLY, Deed.CLICK]
    assert acted_by((), EVERYBODY)("p0@example.com", 1) == ()


def test_a_share_is_every_so_many_th_of_those_who_fit_in_order() -> None:
    script = acted_by(
        read_script(f'{HEAD}  - {{who: "*", share: 1/3, does: [reply]}}\n'), reversed(EVERYBODY)
    )
    assert [who for who in EVERYBODY if script(who, 1)] == ["p0@example.com", "p3@example.com"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("format: sales-rehearsal/2\nrecipients: []\n", "line 1, column 9"),
        ("format: sales-rehearsal/1\n", "a list of recipients"),
        (f"{HEAD}  - who: x\n    dose: [open]\n", "line 4, column 5"),
        (f"{HEAD}  - who: x\n", "“does” is missing"),
        (f"{HEAD}  - {{who: x, does: [sulk]}}\n", "line 3, column 21"),
        (f"{HEAD}  - {{who: x, does: [open after noon]}}\n", "how long"),
        (f"{HEAD}  - {{who: x, does: [open now]}}\n", "says nothing to open"),
        (f"{HEAD}  - {{who: x, does: [reply until 2026-12-07]}}\n", "belong to out_of_office"),
        (f"{HEAD}  - {{who: x, does: [out_of_office until soon]}}\n", "2026-12-07"),
        (f"{HEAD}  - {{who: x, share: half, does: [open]}}\n", "1/3"),
        (f"{HEAD}  - {{who: x, mail: 0, does: [open]}}\n", "which mail"),
        (f'{HEAD}  - {{who: "", does: [open]}}\n', "an address"),
        (f"{HEAD}  - who\n", "a mapping"),
    ],
)
def test_it_refuses_with_line_and_column(source: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_script(source)
    assert words in refused.value.words and "line" in refused.value.words


def test_it_says_everything_that_is_wrong_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        read_script(f"{HEAD}  - {{who: x, does: [sulk]}}\n  - {{who: y, mail: 0, share: 2, does: [open]}}\n")
    assert list(refused.value.problems) == ["recipients.0.does", "recipients.1.mail", "recipients.1.share"]


@pytest.mark.parametrize("name", PRESETS)
def test_the_scripts_of_the_page_can_be_read(name: str) -> None:
    assert bool(PRESETS[name].script) == (name != "silent")
