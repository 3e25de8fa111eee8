"""Notices: what you were told, and how you want to be told."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.notices.models import NoticeKind
from sales_campaigns.notices.reading import newest_notices, notices_after, see_all, unseen
from sales_campaigns.notices.wishes import wish_notices, wishes_of
from web.api.protocol.operations import Area
from web.api.protocol.shapes import LARGEST_ID, MOST, Asked, Done, Id, Shown, TimeOfDay
from web.request_scope import me, work

api = Area("desk", "")


class NoticesAsked(Asked):
    """The newest, or what came after one that you know and is not seen."""

    since: int = Field(0, ge=0, le=LARGEST_ID, description="The id of the newest one that you know.")
    limit: int = Field(50, ge=1, le=MOST)


class NoticeShown(Shown):
    id: int
    kind: NoticeKind
    at: AwareDatetime
    words: str
    person_id: int | None
    task_id: int | None
    delivery_id: int | None
    seen_at: AwareDatetime | None


class NoticesShown(Shown):
    unseen: int
    notices: list[NoticeShown] = Field(description="Newest first; those after `since` oldest first.")


class SeenUpTo(Asked):
    last_id: Id = Field(description="The newest one that was looked at; later ones stay new.")


class WishesTyped(Asked):
    shown: list[NoticeKind] = Field(max_length=20)
    mailed: list[NoticeKind] = Field(default_factory=list, max_length=20)
    digest: str = Field("", max_length=5, description="When the mail of the day leaves, as 07:30; or never.")
    weekly: bool = False


class WishesShown(Shown):
    shown: list[NoticeKind]
    mailed: list[NoticeKind]
    digest: TimeOfDay | None
    weekly: bool


@api.get("/notices")
def list_notices(query: NoticesAsked) -> NoticesShown:
    """What you were told."""
    session = work().session
    found = (
        notices_after(session, me(), query.since, query.limit)
        if query.since
        else newest_notices(session, me(), query.limit)
    )
    return NoticesShown(
        unseen=unseen(session, me()), notices=[NoticeShown.model_validate(one) for one in found]
    )


@api.post("/notices/seen", example={"last_id": 1})
def mark_notices_seen(body: SeenUpTo) -> Done:
    """You have seen them up to this one. `count` is how many were new."""
    return Done(words="Seen.", count=see_all(work(), me(), body.last_id))


@api.get("/me/notices")
def get_notice_wishes() -> WishesShown:
    """Of what you want to hear, and how."""
    wishes = wishes_of(me())
    return WishesShown(
        shown=sorted(wishes.shown),
        mailed=sorted(wishes.mailed),
        digest=wishes.digest,
        weekly=wishes.weekly,
    )


@api.put("/me/notices", example={"shown": ["reply", "bounce"], "mailed": ["mailbox"], "digest": "07:30"})
def change_notice_wishes(body: WishesTyped) -> WishesShown:
    """Replace them."""
    wish_notices(work(), me(), body.shown, body.mailed, body.digest, weekly=body.weekly)
    work().session.flush()
    return get_notice_wishes()
