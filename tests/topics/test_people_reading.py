"""Reading files of people: encoding, delimiter, headings, row numbers, and quotation marks left open."""

from __future__ import annotations

from pathlib import Path

import pytest

from sales_campaigns.errors import Invalid
from sales_campaigns.people.columns import guess_meanings
from sales_campaigns.people.guessing import guess_delimiter, guess_encoding, has_headings
from sales_campaigns.people.reading import BEGINNING, Row, read_rows, refuse_swallowed_rows

DATA = Path(__file__).parent.parent / "data" / "people"


def rows_of(path: Path, encoding: str, delimiter: str) -> list[Row]:
    rows, _ = read_rows(path, encoding, delimiter, limit=1_000)
    return rows


def _written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "people.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter", "rows"),
    [
        ("clean-500.csv", "utf-8", ",", 501),
        ("awkward-cp1252-semicolon.csv", "cp1252", ";", 51),
        ("awkward-utf16-tab.txt", "utf-16", "\t", 51),
        ("unclosed-quote.csv", "utf-8", ",", None),
    ],
)
def test_it_guesses_how_each_sample_is_written(
    name: str, encoding: str, delimiter: str, rows: int | None
) -> None:
    path = DATA / name
    assert guess_encoding(path) == encoding
    assert guess_delimiter(path, encoding) == delimiter
    first, _ = read_rows(path, encoding, delimiter, limit=1)
    assert first == [(1, ["Email", "First Name", "Last Name", "Company", "Title", "Time Zone", "Phone"])]
    if rows is not None:
        assert len(rows_of(path, encoding, delimiter)) == rows


def test_it_reads_the_same_people_from_both_awkward_files() -> None:
    western = list(rows_of(DATA / "awkward-cp1252-semicolon.csv", "cp1252", ";"))
    wide = list(rows_of(DATA / "awkward-utf16-tab.txt", "utf-16", "\t"))
    assert [number for number, _ in western] == [number for number, _ in wide]
    assert western[4][1] == wide[4][1] == ["person0003@example.com", "Björn", "Smith, Jr.", "Kumo Systems", "CFO",
                                           "Europe/London", ""]  # fmt: skip
    assert wide[14][1][1:3] == ["Łukasz", "Ó Súilleabháin"]


def test_it_refuses_a_quotation_mark_that_is_never_closed_with_its_row() -> None:
    with pytest.raises(Invalid, match="opens in row 12 is not closed"):
        rows_of(DATA / "unclosed-quote.csv", "utf-8", ",")


def test_it_refuses_a_quotation_mark_that_a_later_row_closes(tmp_path: Path) -> None:
    path = _written(tmp_path, 'Email,First,Last\na@example.com,"open,A\nb@example.com,"B",C\n')
    with pytest.raises(Invalid, match="row 2"):
        list(rows_of(path, "utf-8", ","))


def test_it_refuses_rows_swallowed_between_two_doubled_quotation_marks(tmp_path: Path) -> None:
    path = _written(tmp_path, 'Email,First,Last\na@example.com,"open,A\nb@example.com,""",C\n')
    swallowed = list(rows_of(path, "utf-8", ","))[-1]
    with pytest.raises(Invalid, match="row 2"):
        refuse_swallowed_rows(*swallowed, 3, ",")


def test_it_lets_an_address_of_two_lines_stand_in_a_cell(tmp_path: Path) -> None:
    path = _written(tmp_path, 'Email,First,Street\na@example.com,A,"1 High Street\nHarbor, ME"\n')
    number, cells = list(rows_of(path, "utf-8", ","))[-1]
    refuse_swallowed_rows(number, cells, 3, ",")
    assert cells[2] == "1 High Street\nHarbor, ME"


def test_it_refuses_a_cell_beyond_all_measure_as_a_quotation_mark_left_open(tmp_path: Path) -> None:
    path = _written(tmp_path, 'Email,First\na@example.com,"' + "x" * 200_000 + '"\n')
    with pytest.raises(Invalid, match="row 2"):
        list(rows_of(path, "utf-8", ","))


def test_it_counts_empty_rows_and_leaves_them_out(tmp_path: Path) -> None:
    path = _written(tmp_path, "Email\r\n\r\n ,\r\na@example.com\r\n")
    assert list(rows_of(path, "utf-8", ",")) == [(1, ["Email"]), (3, [" ", ""]), (4, ["a@example.com"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "shift_jis"])
def test_it_goes_on_exactly_where_it_stopped_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    rows = [f"p{number}@example.com,café 1\r\n" for number in range(40)]
    text = "".join(rows) if encoding != "shift_jis" else "".join(rows).replace("é", "カ")
    path = _written(tmp_path, 'Email,Note\r\n"a@example.com","two\nlines"\r\n\r\n' + text, encoding)
    encoding = encoding.removesuffix("-sig")
    pieces: list[tuple[int, list[str]]] = []
    place = BEGINNING
    while (piece := read_rows(path, encoding, ",", 3, place))[0]:
        pieces, place = pieces + piece[0], piece[1]
    assert pieces == rows_of(path, encoding, ",")
    assert [number for number, _ in pieces] == [1, 2, *range(4, 44)]


def test_it_says_near_which_row_the_encoding_is_wrong(tmp_path: Path) -> None:
    path = _written(tmp_path, "Email;Name\na@example.com;Björn\n", "cp1252")
    with pytest.raises(Invalid, match=r"not Unicode \(UTF-8\). Choose another encoding"):
        list(rows_of(path, "utf-8", ";"))


def test_it_sees_a_letter_far_down_that_is_not_utf8(tmp_path: Path) -> None:
    plain = "".join(f"person{number}@example.com;Ana\n" for number in range(60_000))
    path = _written(tmp_path, plain + "last@example.com;Björn Sjöström\n", "cp1252")
    assert guess_encoding(path) == "cp1252"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Łukasz Šimánek, Björn"),
        ("utf-16-le", "Łukasz Šimánek, Björn"),
        ("utf-16-be", "Łukasz Šimánek, Björn"),
        ("cp1252", "Björn Sjöström; Chloé Müller; Håkan Ångström; Ana Ibáñez-Ruiz; René Lefèvre"),
        ("cp1251", "Анна Каренина; Алексей Вронский; Константин Лёвин; Дарья Облонская"),
        ("shift_jis", "山田太郎; 鈴木一郎; 佐藤花子; 東京都千代田区; カタカナ; ひらがな"),
    ],
)
def test_it_guesses_an_encoding_without_a_mark(tmp_path: Path, encoding: str, text: str) -> None:
    assert guess_encoding(_written(tmp_path, f"Email;Name\na@example.com;{text}\n", encoding)) == encoding


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_it_guesses_the_delimiter_even_where_others_stand_in_the_cells(
    tmp_path: Path, delimiter: str
) -> None:
    rows = [
        ["Email", "Name", "Company"],
        ["a@example.com", "Smith, Jr.", "A; B"],
        ["b@example.com", "B|C", "D, E"],
    ]
    text = "".join(
        delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) + "\n" for row in rows
    )
    assert guess_delimiter(_written(tmp_path, text), "utf-8") == delimiter


def test_it_reads_lines_that_end_with_a_carriage_return_alone(tmp_path: Path) -> None:
    path = _written(tmp_path, "Email;Name\ra@example.com;Ana\r")
    assert guess_delimiter(path, guess_encoding(path)) == ";"
    assert list(rows_of(path, "utf-8", ";")) == [(1, ["Email", "Name"]), (2, ["a@example.com", "Ana"])]


def test_a_null_in_one_cell_makes_the_file_no_other_alphabet(tmp_path: Path) -> None:
    path = _written(tmp_path, "Email,Name\na@example.com,A\0na\nb@example.com,Björn\n")
    assert guess_encoding(path) == "utf-8"
    assert list(rows_of(path, "utf-8", ","))[-1] == (3, ["b@example.com", "Björn"])


def test_it_takes_a_first_row_with_an_address_for_a_person() -> None:
    assert has_headings(["Email", "Name"])
    assert not has_headings(["Ana", "ana@example.com"])


@pytest.mark.parametrize(
    ("headings", "meanings"),
    [
        ("E-Mail-Adresse|Vorname|Nachname|Firma|Telefon", "email first_name last_name company phone"),
        ("E-post|Förnamn|Efternamn|Företag|Befattning", "email first_name last_name company title"),
        ("Voornaam|Achternaam|Bedrijf|Functie|Tijdzone", "first_name last_name company title zone"),
        ("Prénom|Nom de famille|Courriel|Société", "first_name last_name email company"),
        ("Contact Name|Person LinkedIn URL|mobile_phone", "full_name linkedin_url phone"),
        ("Email|Note|Note|Note|E-mail", "email custom:note custom:note_2 custom:note_3 custom:e_mail"),
        (
            "EMAIL|Work e-mail|Customer No.||Größe",
            "email custom:work_e_mail custom:customer_no - custom:größe",
        ),
    ],
)
def test_it_guesses_what_columns_mean_in_several_languages(headings: str, meanings: str) -> None:
    assert guess_meanings(headings.split("|")) == ["" if word == "-" else word for word in meanings.split()]
