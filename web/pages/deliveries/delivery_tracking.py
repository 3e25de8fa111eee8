"""What was noticed of a delivery: each opening and click with its reason, and the links that were followed."""

from __future__ import annotations

from flask import Blueprint, Response, request

from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.tracking.logs import PAGE, tracked_urls, tracking_log, tracking_rows, url_rows
from sales_campaigns.tracking.models import EventKind
from web.answers import page
from web.pages.deliveries.delivery_logs import file_of
from web.request_scope import me, work

pages = Blueprint("delivery_tracking", __name__, url_prefix="/deliveries/<int:delivery_id>")
KINDS = {
    EventKind.OPEN: "Opens",
    EventKind.CLICK: "Clicks",
    EventKind.MIRROR: "Looks in the browser",
    EventKind.OPT_OUT: "Unsubscribed",
}


@pages.get("/tracking")
def log(delivery_id: int) -> str:
    delivery, kind, before = _delivery(delivery_id), _kind(), request.args.get("before", "")
    place = int(before) if before.isdecimal() and len(before) < 18 else 0
    lines = tracking_log(work().session, delivery.id, kind=kind, before=place)
    return page(
        "delivery/tracking.html",
        delivery=delivery,
        lines=lines,
        urls=tracked_urls(work().session, delivery.id),
        kind=kind,
        kinds=KINDS,
        more=lines[-1].key if len(lines) == PAGE else None,
    )


@pages.get("/tracking.csv")
def log_file(delivery_id: int) -> Response:
    delivery, kind = _delivery(delivery_id), _kind()
    head = ("Address", "Name", "Event", "At", "Link", "Not counted because")
    return file_of(delivery, "tracking", head, lambda session: tracking_rows(session, delivery.id, kind))


@pages.get("/urls.csv")
def urls_file(delivery_id: int) -> Response:
    delivery = _delivery(delivery_id)
    head = ("Link", "People", "Clicks", "Machine clicks")
    return file_of(delivery, "urls", head, lambda session: url_rows(session, delivery.id))


def _delivery(delivery_id: int) -> Delivery:
    return delivery_of(work().session, me(), delivery_id)


def _kind() -> EventKind | None:
    wanted = request.args.get("kind", "")
    return EventKind(wanted) if wanted in set(EventKind) else None
