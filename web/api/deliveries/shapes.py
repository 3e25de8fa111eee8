"""Deliveries as programs see them, and as they write them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.wordings import content_of
from sales_campaigns.deliveries.figures import causes_of, engagement_of_delivery, figures_of
from sales_campaigns.deliveries.inputs import Audience, Priority, Schedule, Settings, StartBy
from sales_campaigns.deliveries.models import Delivery, DeliveryKind, DeliverySetup, DeliveryState
from sales_campaigns.deliveries.setups import audience_of, schedule_of, settings_of
from sales_campaigns.deliveries.waves import Wave
from sales_campaigns.deliveries.wishes import Wish
from sales_campaigns.errors import Invalid
from web.api.mails.attachments import Files, bundle_of, digest_of
from web.api.protocol.shapes import Asked, Id, Line, Shown, Source
from web.request_scope import work


class AudienceTyped(Asked):
    """Everybody of the team, or those whom a search finds, are in a group, or are named."""

    everybody: bool = False
    words: str = Field("", max_length=200)
    owner: int = Field(0, ge=0, le=2**31 - 1, description="0 is anybody.")
    groups: list[Id] = Field(default_factory=list, max_length=100)
    people: list[Id] = Field(default_factory=list, max_length=10_000)

    def audience(self) -> Audience:
        groups, people = tuple(sorted(self.groups)), tuple(self.people)
        return Audience(self.everybody, self.words, self.owner, groups, people)


class ScheduleTyped(Asked):
    """The contact date: a local time of `zone`, such as 2026-12-01T09:00; empty for as soon as it is confirmed."""

    at: str = Field(default="", max_length=40)
    zone: Line = "UTC"
    theirs: bool = Field(default=False, description="At that local time of each recipient.")
    ask_again: bool = False


class WaveTyped(Asked):
    percent: int = Field(ge=1, le=100)
    after: int = Field(ge=0, le=366 * 86400, description="Seconds after the start.")


class SettingsTyped(Asked):
    validity_hours: int = Field(default=120, ge=1, le=10_000)
    priority: Priority = Priority.NORMAL
    start_by: StartBy = StartBy.PERSON
    waves: list[WaveTyped] = Field(default_factory=list, max_length=100)
    opens: bool = True
    clicks: bool = True
    utm: Line = ""
    typology: str = Field(
        default="", max_length=80, description="Of the sending policy; empty for what always holds."
    )

    def settings(self) -> Settings:
        """Raises Invalid for waves that are no hundred percent."""
        if self.waves and sum(wave.percent for wave in self.waves) != 100:
            raise Invalid({"settings.waves": "The waves together must be 100 percent."})
        plain = self.model_dump(exclude={"waves"})
        return Settings(**plain, waves=tuple(Wave(wave.percent, wave.after) for wave in self.waves))


class DeliveryTyped(Asked):
    name: Line
    subject: Line
    html: Source
    text: Source = ""
    files: Files | None = Field(None, description="As they are where it is not given.")
    from_template: Line = ""
    also_template: bool | None = Field(None, description="Whether that template changes with its words.")
    mailbox_id: Id | None = None
    audience: AudienceTyped
    schedule: ScheduleTyped = ScheduleTyped()
    settings: SettingsTyped = SettingsTyped()

    def wish(self, team_id: int, files: str = "") -> Wish:
        """`files` are those it has so far. Raises Invalid, and NotFound for files that are none."""
        bundle_id = bundle_of(files if self.files is None else self.files, team_id)
        return Wish(
            name=self.name,
            content=Content(self.subject, self.html, self.text, bundle_id),
            mailbox_id=self.mailbox_id,
            audience=self.audience.audience(),
            schedule=Schedule(**self.schedule.model_dump()),
            settings=self.settings.settings(),
            from_template=self.from_template,
            also_template=self.also_template,
        )


class AudienceShown(Shown):
    everybody: bool
    words: str
    owner: int
    groups: list[int]
    people: list[int]


class ScheduleShown(Shown):
    at: str
    zone: str
    theirs: bool
    ask_again: bool


class WaveShown(Shown):
    percent: int
    after: int


class SettingsShown(Shown):
    validity_hours: int
    priority: Priority
    start_by: StartBy
    waves: list[WaveShown]
    opens: bool
    clicks: bool
    utm: str
    typology: str


class DeliveryFiguresShown(Shown):
    """Targeted = to deliver + excluded; handed = relayed + sent + failed."""

    targeted: int
    to_deliver: int
    excluded: int
    handed: int
    relayed: int
    sent: int
    failed: int
    cancelled: int
    uncertain: int
    in_flight: int
    to_come: int
    opened: int = Field(description="Unique.")
    clicked: int = Field(description="Unique.")
    opted_out: int
    replied: int = Field(description="Unique.")
    causes: Annotated[dict[str, int], Field(description="Why people are excluded.")]


class DeliveryShown(Shown):
    id: int
    kind: DeliveryKind
    name: str
    state: DeliveryState
    owner_id: int
    campaign_id: int | None
    step_key: str | None
    created_at: AwareDatetime
    starts_at: AwareDatetime | None
    valid_until: AwareDatetime | None
    ended_at: AwareDatetime | None


class DeliveryWhole(DeliveryShown):
    """What was set up is missing for deliveries that a campaign's step owns."""

    subject: str
    html: str
    text: str
    files: str
    from_template: str
    mailbox_id: int | None
    audience: AudienceShown | None
    schedule: ScheduleShown | None
    settings: SettingsShown | None
    confirmed_by: int | None
    confirmed_at: AwareDatetime | None


def delivery_shown(delivery: Delivery) -> DeliveryWhole:
    session = work().session
    session.flush()
    setup = session.get(DeliverySetup, delivery.id)
    kept = DeliveryShown.model_validate(delivery).model_dump()
    if setup is None:
        return DeliveryWhole(**kept, **NOT_SET_UP)
    content = content_of(session.get(Wording, setup.wording_id) if setup.wording_id else None)
    return DeliveryWhole(
        **kept,
        subject=content.subject,
        html=content.html,
        text=content.text,
        files=digest_of(content.bundle_id),
        from_template=setup.from_template,
        mailbox_id=setup.mailbox_id,
        audience=AudienceShown.model_validate(audience_of(setup)),
        schedule=ScheduleShown.model_validate(schedule_of(setup)),
        settings=SettingsShown.model_validate(settings_of(setup)),
        confirmed_by=setup.confirmed_by,
        confirmed_at=setup.confirmed_at,
    )


def figures_shown(delivery: Delivery) -> DeliveryFiguresShown:
    session = work().session
    figures = figures_of(session, delivery)
    engagement = engagement_of_delivery(session, delivery)
    names = DeliveryFiguresShown.model_fields.keys() - {"opened", "clicked", "opted_out", "replied", "causes"}
    return DeliveryFiguresShown(
        **{name: getattr(figures, name) for name in names},
        opened=engagement.opened,
        clicked=engagement.clicked,
        opted_out=engagement.opted_out,
        replied=engagement.replied,
        causes=causes_of(session, delivery),
    )


NOT_SET_UP: dict[str, Any] = {
    **dict.fromkeys(("subject", "html", "text", "files", "from_template"), ""),
    **dict.fromkeys(("mailbox_id", "audience", "schedule", "settings", "confirmed_by", "confirmed_at")),
}
