"""Which marks each mail gets: by its delivery, its person, its team, and whether our pages can be reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, Team
from sales_campaigns.messages.due_mails import DueMail
from sales_campaigns.messages.letters.marks import FOOTER, Marks
from sales_campaigns.messages.letters.tokens import token_of
from sales_campaigns.messages.letters.writing import Parties
from sales_campaigns.messages.models import Message, TrackingChoice
from sales_campaigns.settings import LOOPBACK, Settings


@dataclass(frozen=True, slots=True)
class Outward:
    """How our pages are reached from outside. `address` "" is not at all. `caught_only`: the address is of this
    machine, so it stands only in what a mailbox of this machine catches.
    """

    address: str
    key: str
    caught_only: bool = False

    def seen_by(self, box: Mailbox) -> str:
        """The address, where mails of this mailbox may contain it."""
        return "" if self.caught_only and box.host not in LOOPBACK else self.address


@dataclass(frozen=True, slots=True)
class Tracked:
    """What is noticed of the mails of a delivery, and what its links carry on (`utm_source=…&utm_medium=…`)."""

    opens: bool = True
    clicks: bool = True
    utm: str = ""


@dataclass(frozen=True, slots=True)
class Ways:
    """What deliveries have chosen, and their teams, by number."""

    chosen: Mapping[int, TrackingChoice]
    teams: Mapping[int, Team]


def outward_of(settings: Settings) -> Outward:
    """As the operator has set it."""
    return Outward(settings.outward_url, settings.secret_key, caught_only=not settings.reachable)


def marks_for(
    session: Session, outward: Outward | None, mails: Sequence[tuple[Message, Parties]]
) -> dict[int, Marks]:
    """Message → its marks; in two queries, however many. Nobody has any where there is no `outward`."""
    if outward is None or not mails:
        return {}
    known = ways_of(session, [message for message, _ in mails])
    return {
        message.id: marks_of(outward, message, parties.mailbox, known, untracked=parties.person.untracked)
        for message, parties in mails
    }


def ways_of(session: Session, messages: Sequence[Message | DueMail]) -> Ways:
    """What the deliveries and teams of these want; rows with their columns will do. Two queries."""
    deliveries = {message.delivery_id for message in messages}
    chosen = sa.select(TrackingChoice).where(TrackingChoice.delivery_id.in_(deliveries))
    teams = sa.select(Team).where(Team.id.in_({message.team_id for message in messages}))
    return Ways(
        {row.delivery_id: row for row in session.scalars(chosen)},
        {team.id: team for team in session.scalars(teams)},
    )


def choose_tracking(session: Session, delivery_ids: Iterable[int], chosen: Tracked) -> None:
    """Keep what is noticed of the mails of these deliveries; it holds for what leaves from now on."""
    ids = list(delivery_ids)
    session.execute(sa.delete(TrackingChoice).where(TrackingChoice.delivery_id.in_(ids)))
    if ids:
        values = {"opens": chosen.opens, "clicks": chosen.clicks, "utm": chosen.utm}
        session.execute(sa.insert(TrackingChoice), [{"delivery_id": id, **values} for id in ids])


def marks_of(
    outward: Outward, message: Message | DueMail, box: Mailbox, ways: Ways, *, untracked: bool
) -> Marks:
    """A test mail leads nowhere: what its sender does with it is nobody else's. An answer carries no footer.

    A mail to many is one of a delivery that somebody made: it has chosen what is noticed, and has no campaign.
    """
    chosen, team = ways.chosen.get(message.delivery_id), ways.teams[message.team_id]
    watched = not (message.proof or untracked)
    return Marks(
        address="" if message.proof else outward.seen_by(box),
        token=token_of(message.id, outward.key),
        opens=watched and (chosen is None or chosen.opens),
        clicks=watched and (chosen is None or chosen.clicks),
        footer="" if message.replies_to_id or not team.footer else team.unsubscribe_text or FOOTER,
        mirror=team.mirror_link and chosen is not None and message.campaign_id is None,
    )
