"""Workbooks become text once; row numbers, dates and numbers stay what a person reads."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest

from sales_campaigns.errors import Invalid
from sales_campaigns.people.reading import read_rows
from sales_campaigns.people.spreadsheets import as_typed, is_workbook, write_as_text

PARTS = {
    "[Content_Types].xml": """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>""",
    "_rels/.rels": """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Target="xl/workbook.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>""",
    "xl/_rels/workbook.xml.rels": """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Target="worksheets/sheet1.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/></Relationships>""",
    "xl/workbook.xml": """<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="People" sheetId="1" r:id="r1"/></sheets></workbook>""",
}


def a_workbook(path: Path, rows: dict[int, list[str | int]]) -> Path:
    """A workbook of one sheet; `rows` by their number."""
    return _packed(
        path, "".join(f'<row r="{number}">{_cells(number, cells)}</row>' for number, cells in rows.items())
    )


def _packed(path: Path, lines: str) -> Path:
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{lines}</sheetData></worksheet>"
    )
    with zipfile.ZipFile(path, "w") as book:
        for name, text in {**PARTS, "xl/worksheets/sheet1.xml": sheet}.items():
            book.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return path


def _cells(row: int, cells: list[str | int]) -> str:
    return "".join(
        f'<c r="{"ABCDEFG"[at]}{row}"><v>{cell}</v></c>'
        if isinstance(cell, int)
        else f'<c r="{"ABCDEFG"[at]}{row}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for at, cell in enumerate(cells)
    )


def test_it_keeps_row_numbers_letters_and_line_ends(tmp_path: Path) -> None:
    book = a_workbook(
        tmp_path / "people.xlsx",
        {
            1: ["Email", "Name", "Phone"],
            3: ["a@example.com", "Łukasz; “A,B”", 46812345],
            4: ["b@example.com", "B\nC"],
        },
    )
    assert is_workbook(book.read_bytes()[:8])
    write_as_text(book, tmp_path / "people.csv")
    rows, _ = read_rows(tmp_path / "people.csv", "utf-8", ",", 10)
    assert rows == [
        (1, ["Email", "Name", "Phone"]),
        (3, ["a@example.com", "Łukasz; “A,B”", "46812345"]),
        (4, ["b@example.com", "B\nC", ""]),
    ]


def test_it_counts_rows_that_stand_empty_above_the_first(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "people.xlsx", {3: ["Email"], 4: ["a@example.com"]})
    write_as_text(book, tmp_path / "people.csv")
    assert read_rows(tmp_path / "people.csv", "utf-8", ",", 10)[0] == [(3, ["Email"]), (4, ["a@example.com"])]


def test_it_reads_numbers_and_dates_as_a_person_does() -> None:
    assert as_typed(46812345.0) == "46812345"
    assert as_typed(1.5) == "1.5"
    assert as_typed(date(2026, 11, 30)) == "2026-11-30"


@pytest.mark.parametrize("content", [b"PK\x03\x04 and nothing else", b"\xd0\xcf\x11\xe0 and nothing else"])
def test_it_refuses_what_only_looks_like_a_workbook(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "people.xlsx").write_bytes(content)
    with pytest.raises(Invalid, match="cannot be read"):
        write_as_text(tmp_path / "people.xlsx", tmp_path / "people.csv")


@pytest.mark.parametrize(
    "far",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        "<row r='1'><c r='XFD1'><v>1</v></c></row><row r = '1048576'><c><v>1</v></c></row>",
    ],
)
def test_it_refuses_a_cell_so_far_out_that_the_sheet_would_fill_the_memory(tmp_path: Path, far: str) -> None:
    book = _packed(tmp_path / "people.xlsx", far)
    with pytest.raises(Invalid, match="too large"):
        write_as_text(book, tmp_path / "people.csv")


def test_it_refuses_a_workbook_that_unpacks_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = a_workbook(tmp_path / "people.xlsx", {1: ["x" * 5000]})
    monkeypatch.setattr("sales_campaigns.people.spreadsheets.MOST_BYTES", 4000)
    with pytest.raises(Invalid, match="too large"):
        write_as_text(book, tmp_path / "people.csv")


def test_it_refuses_a_damaged_workbook(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "people.xlsx", {1: ["Email"], 2: ["a@example.com"]})
    book.write_bytes(book.read_bytes().replace(b"a@example.com", b"b@example.com"))
    with pytest.raises(Invalid, match="cannot be read"):
        write_as_text(book, tmp_path / "people.csv")


def test_it_refuses_an_empty_workbook(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="empty"):
        write_as_text(a_workbook(tmp_path / "people.xlsx", {}), tmp_path / "people.csv")
