"""Files of a mail by Outlook: small ones with one call, large ones piece by piece, each exactly once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from integrations.outlook import OutlookProvider
from integrations.outlook.files import AT_ONCE, PIECE
from sales_campaigns.content.enclosing import enclose, file_part
from sales_campaigns.ports import HandOver, OutgoingMail, ThreadPlace
from tests.providers.mails import a_mail, kinds
from tests.stand_ins.microsoft import Microsoft
from tests.stand_ins.microsoft_graph import graph_error
from tests.stand_ins.microsoft_mail import OutlookBox
from tests.stand_ins.serving import Act, Fault, times
from tests.stand_ins.worlds import outlook_account, outlook_settings

LARGE = hashlib.sha256(b"large").digest() * ((PIECE + 320_000) // 32)  # two pieces
SMALL = b"%PDF-1.7 small"
HEAD = b"To: maria@ben.example\r\nMessage-ID: <1@x>\r\nSubject: Offer\r\nMIME-Version: 1.0\r\n"
WORDS = HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello</p>\r\n"


@pytest.fixture
def provider(microsoft: Microsoft) -> Iterator[OutlookProvider]:
    made = OutlookProvider(outlook_account(microsoft), outlook_settings(microsoft))
    yield made
    made.close()


@pytest.fixture
def box(microsoft: Microsoft) -> OutlookBox:
    return microsoft.box("ana@ana.example")


def with_files(**other: Any) -> OutgoingMail:
    files = [
        file_part("Preisliste März.pdf", "application/pdf", SMALL),
        file_part("film.mp4", "video/mp4", LARGE),
    ]
    mime = enclose(WORDS, "<1@x>", files)
    return a_mail(1, **{"mime": mime, "recipients": ("maria@ben.example",), "send_key": "1.x", **other})


def sent_files(box: OutlookBox, number: int = 0) -> dict[str, bytes]:
    sent = [one for one in box.mails.values() if one.folder == "sentitems"]
    files = sent[number].files.values()
    assert len({file["name"] for file in files}) == len(files)
    return {file["name"]: file["content"] for file in files}


BOTH = {"Preisliste März.pdf": SMALL, "film.mp4": LARGE}


def test_files_arrive_as_they_are_and_words_stay_html(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox
) -> None:
    assert len(LARGE) > AT_ONCE > len(SMALL)
    assert kinds(provider.hand_over([with_files()])) == ["sent"]
    (left,) = box.left
    assert sent_files(box) == BOTH and b"<p>Hello</p>" in left.raw
    assert microsoft.heard.count("upload") == 2
    assert all("authorization" not in asked.headers for name, asked, _ in microsoft.said if name == "upload")


def test_a_follow_up_carries_its_files(provider: OutlookProvider, box: OutlookBox) -> None:
    (first,) = provider.hand_over([with_files()])
    place = ThreadPlace(first.thread_id, first.provider_id)
    list(provider.hand_over([with_files(send_key="2.x", thread=place)]))
    assert sent_files(box, 1) == BOTH


FAULTS = [
    ("files.create", Act.DROP_AFTER),
    ("files.begin", Act.DROP_AFTER),
    ("upload", Act.DROP_BEFORE),
    ("upload", Act.DROP_AFTER),
    ("upload", graph_error(500, "InternalServerError", "Oops")),
]


@pytest.mark.parametrize(("call", "fault"), FAULTS)
def test_whatever_fails_on_the_way_each_file_leaves_once(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox, call: str, fault: Fault
) -> None:
    kept: list[str] = []
    microsoft.obey(times(1, fault, call))
    tries: list[HandOver] = []
    while not tries or tries[-1].refused is not None:
        known = kept[-1] if kept else None
        mail = replace(with_files(drafted=kept.append), draft_id=known, again=bool(tries))
        tries += provider.hand_over([mail])
        assert len(tries) < 4 and len(kept) == 1
    assert len(box.left) == 1 and sent_files(box) == BOTH
