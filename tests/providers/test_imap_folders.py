"""Which folders are read, and how far: rules without a server."""

from __future__ import annotations

import pytest

from integrations.imap.cursors import Mark, read_cursor, write_cursor
from integrations.imap.folders import Folders, Listed, folders_of

INBOX = Listed("INBOX", "/", ())


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ([], Folders(("INBOX",), "")),
        ([INBOX, Listed("Sent", "/", ("\\HasNoChildren", "\\Sent"))], Folders(("INBOX",), "Sent")),
        ([INBOX, Listed("INBOX.Sent Items", ".", ())], Folders(("INBOX",), "INBOX.Sent Items")),
        ([INBOX, Listed("Gesendete Elemente", "/", ())], Folders(("INBOX",), "Gesendete Elemente")),
        (
            [INBOX, Listed("Sent", "/", ()), Listed("Mine/Out", "/", ("\\sent",))],
            Folders(("INBOX",), "Mine/Out"),
        ),
        ([INBOX, Listed("Sent", "/", ("\\Noselect",))], Folders(("INBOX",), "")),
        (
            [INBOX, Listed("Spam", "/", ("\\Junk",)), Listed("Bounces", "/", ())],
            Folders(("INBOX", "Spam", "Bounces"), ""),
        ),
    ],
)
def test_the_folders_of_a_mailbox(listed: list[Listed], found: Folders) -> None:
    """What the server marks (RFC 6154) counts before what a folder is called."""
    assert folders_of(listed) == found


def test_a_cursor_is_written_and_read_back() -> None:
    cursor = {"INBOX": Mark(7, 40), "Entwürfe": Mark(1, 0)}
    assert read_cursor(write_cursor(cursor)) == cursor


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"INBOX": 4}', '{"INBOX": ["a", 1]}', "null"])
def test_a_cursor_that_cannot_be_read_is_an_empty_one(text: str) -> None:
    assert read_cursor(text) == {}
