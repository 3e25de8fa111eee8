"""What the pages of a delivery show as its mails go their way: its figures and its row of the log, event by event."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest

import sqlalchemy as sa
from lxml import html as markup

from sales_campaigns.messages.feedback.taking import LATE
from sales_campaigns.messages.incoming.facts import parsed
from sales_campaigns.messages.incoming.reports import reports_of
from sales_campaigns.messages.models import Message
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import text

DELIVERED = re.compile(r"Delivered [\d,]+ ([\d.]+ %|–) of handed off")
BOUNCED = re.compile(r"Bounces \+ errors [\d,]+ ([\d.]+ %|–) of handed off")


@dataclass
class Courses:
    """Looks at deliveries that have one recipient each; `numbers` is the address → the delivery.

    `seen` is the address → what its pages showed one after the other: delivered, bounces + errors, the row's status,
    and "late" while the row says that a server has not taken the mail yet.
    """

    work: Work
    browser: Browser
    numbers: Mapping[str, int]
    seen: dict[str, list[str]] = field(default_factory=dict)
    _stood: dict[int, tuple[object, ...]] = field(default_factory=dict)

    def look(self) -> None:
        """At the pages of those whose mail has moved since the last look."""
        stands = self._messages()
        for email, number in self.numbers.items():
            if stands.get(number) != self._stood.get(number):
                shown, course = self.shown(number), self.seen.setdefault(email, [])
                course += [shown] if course[-1:] != [shown] else []
        self._stood = stands

    def shown(self, number: int) -> str:
        page = text(self.browser.get(f"/deliveries/{number}").text)
        delivered, bounced = (found[1] for one in (DELIVERED, BOUNCED) if (found := one.search(page)))
        [row] = markup.fromstring(self.browser.get(f"/deliveries/{number}/log").text).xpath("//tr[@data-row]")
        _, status, _, words = (" ".join(cell.text_content().split()) for cell in row.iterchildren("td"))
        return f"{delivered} {bounced} {status}{', late' if words.startswith(LATE) else ''}"

    def _messages(self) -> dict[int, tuple[object, ...]]:
        columns = (Message.state, Message.words, Message.came_back_at, Message.sent_at)
        query = sa.select(Message.delivery_id, *columns)
        with self.work() as uow:
            return {row[0]: tuple(row[1:]) for row in uow.session.execute(query)}


def in_turns(mails: Iterable[bytes]) -> Iterator[list[bytes]]:
    """What comes back about mails of ours: first one about each, then the second of those that have two."""
    about = defaultdict[str, list[bytes]](list)
    for raw in mails:
        reports = reports_of(parsed(raw))
        about[reports[0].original_message_id if reports else str(parsed(raw)["In-Reply-To"])].append(raw)
    for turn in zip_longest(*about.values()):
        yield [raw for raw in turn if raw is not None]
