"""From the cells of a row to a candidate, or to the reason in words why it is left out."""

from __future__ import annotations

import pytest

from sales_campaigns.errors import Invalid
from sales_campaigns.people.checking import Candidate, Refused, check_row, tidy
from sales_campaigns.people.zones import check_zone, zone_names

MEANINGS = ["email", "first_name", "last_name", "company", "title", "zone", "phone"]


def _good(cells: list[str], meanings: list[str] = MEANINGS) -> Candidate:
    judged = check_row(7, cells, meanings)
    assert isinstance(judged, Candidate)
    return judged


def _reason(cells: list[str], meanings: list[str] = MEANINGS) -> str:
    judged = check_row(7, cells, meanings)
    assert isinstance(judged, Refused)
    assert judged.row == 7 and judged.cells == tuple(cells)
    return judged.reason


def test_it_gives_only_what_the_row_gives() -> None:
    found = _good([" Ana@Example.com", " Ana ", "", "", "", "Europe/Stockholm", ""])
    assert found.address is not None and found.key == "ana@example.com"
    assert found.fields == {"first_name": "Ana", "zone": "Europe/Stockholm"}


def test_it_takes_a_short_row_and_refuses_one_with_more_cells_than_columns() -> None:
    assert _good(["ana@example.com", "Ana"]).fields == {"first_name": "Ana"}
    assert _good(["ana@example.com", "Ana", *[""] * 9]).fields == {"first_name": "Ana"}
    assert "9 cells" in _reason(["ana@example.com", "Smith", " Jr.", "", "", "", "", "", "+1"])


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["not-an-address", "Bad", "Row"], "not an e-mail address"),
        (["", "No", "Address"], "There is no e-mail address, phone number or LinkedIn URL."),
        (["a@b..example.com", "Dots"], "two periods"),
        (["x@example.com\r\nBcc: y@example.com", "Inject"], "line break"),
        (["zone@example.com", "Bad", "Zone", "", "", "Mars/Olympus"], "“Mars/Olympus” is not a time zone"),
        (["long@example.com", "L" * 5000], "First name is longer than 200 characters."),
        (["a@example.com", "", "", "", "", "", "1" * 61], "Phone number is longer than 60 characters."),
    ],
)
def test_it_says_why_a_row_is_left_out(cells: list[str], words: str) -> None:
    assert words in _reason(cells)


@pytest.mark.parametrize(
    "cell",
    [
        "mailto:ana@example.com",
        "Ana Lind <ana@example.com>",
        '"Lind, Ana" <mailto:ana@example.com>',
        "<ana@example.com>",
        "ana@example.com.",
        " Ana@Example.com ",
    ],
)
def test_it_reads_an_address_as_it_was_copied(cell: str) -> None:
    assert _good([cell]).key == "ana@example.com"


@pytest.mark.parametrize(
    "cell",
    [
        "ana@example.com; ben@example.com",
        "ana@example.com,ben@example.com",
        "Ana <ana@example.com>, Ben <ben@example.com>",
        "Ana <ana@example.com> ben@example.com",
        "ana@example.com\r\nBcc: <ben@example.com>",
        "Ana\x00 <ana@example.com>",
        "ana@example..",
        "mailto:",
    ],
)
def test_several_in_one_cell_are_nobody_s(cell: str) -> None:
    """What is no one address is told with its row, and none of them is taken for the person's."""
    assert _reason([cell])


def test_it_names_every_fault_of_a_row() -> None:
    reason = _reason(["ana@example.com", "L" * 201, "", "", "", "Mars/Olympus"])
    assert "First name" in reason and "Mars/Olympus" in reason


def test_it_keeps_a_formula_as_typed_and_takes_off_the_guard_of_our_own_error_file() -> None:
    assert _good(["formula@example.com", "=HYPERLINK(1)"]).fields["first_name"] == "=HYPERLINK(1)"
    assert _good(["formula@example.com", "'=HYPERLINK(1)"]).fields["first_name"] == "=HYPERLINK(1)"
    assert _good(["a@example.com", "'t Hooft"]).fields["first_name"] == "'t Hooft"


def test_it_accepts_somebody_without_address_who_has_a_phone_or_a_linkedin_page() -> None:
    meanings = ["full_name", "phone", "linkedin_url"]
    called = _good(["Ana Maria Lind", "+46 8 123 456", ""], meanings)
    assert called.fields == {"first_name": "Ana Maria", "last_name": "Lind", "phone": "+46 8 123 456"}
    linked = _good(["Ana", "", "www.linkedin.com/in/ana"], meanings)
    assert linked.fields["linkedin_url"] == "https://www.linkedin.com/in/ana"
    assert called.key != linked.key


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)//linkedin.com",
        "https://linkedin.com.example.com/in/a",
        "https://[oops",
        "example.com",
    ],
)
def test_it_refuses_a_link_that_does_not_lead_to_linkedin(url: str) -> None:
    assert "not an address on linkedin.com" in _reason([url], ["linkedin_url"])


def test_it_keeps_other_columns_as_custom_fields_and_leaves_out_what_is_told_to() -> None:
    found = _good(["a@example.com", "Gold", "secret"], ["email", "custom:tier", ""])
    assert found.custom == {"tier": "Gold"}
    assert "“tier” is longer than 2,000" in _reason(["a@example.com", "x" * 2001], ["email", "custom:tier"])


def test_it_keeps_every_letter_and_drops_control_characters() -> None:
    assert tidy(" Nguye\u0302\u0303n\x07\tThi\r\nVan ") == "Nguyễn Thi Van"
    assert tidy("Zoë 李 🌊") == "Zoë 李 🌊"


def test_it_knows_zones_by_their_iana_names_in_any_case() -> None:
    assert check_zone(" europe/stockholm ") == "Europe/Stockholm"
    assert check_zone("America/New York") == "America/New_York"
    assert check_zone("") == ""
    assert "Australia/Lord_Howe" in zone_names()
    with pytest.raises(Invalid, match="Mars/Olympus"):
        check_zone("Mars/Olympus")
