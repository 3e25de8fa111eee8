"""Before a mail is sent: how it would look, what is worth a second look, and a test to yourself."""

from __future__ import annotations

from pydantic import Field

from sales_campaigns.campaigns.previewing import preview
from sales_campaigns.content.rendering import Content
from sales_campaigns.deliveries.proofs import send_test
from sales_campaigns.people.listing import person_of
from web.api.mails.attachments import Files, bundle_of
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Id, Line, Shown, Source
from web.parts.writing import hints_typed
from web.request_scope import me, work

api = Area("templates", "")


class PreviewAsked(Asked):
    subject: Line = ""
    html: Source = ""
    text: Source = ""
    files: Files = ""
    person_id: Id | None = Field(
        None, description="As this person would get it; examples where nobody is named."
    )

    def content(self) -> Content:
        return Content(self.subject, self.html, self.text, bundle_of(self.files, me().team_id))


class WordsAsked(Asked):
    subject: Line = ""
    html: Source = ""
    text: Source = ""
    bulk: bool = Field(False, description="To many, where other things matter.")


class PreviewShown(Shown):
    subject: str
    html: str
    text: str
    problems: list[str] = Field(description="What is missing for this person.")


class TestSent(Shown):
    message_id: int
    email: str


class HintShown(Shown):
    part: str = Field(description="subject, html or text.")
    words: str


class HintsShown(Shown):
    hints: list[HintShown]


@api.post("/previews", example={"subject": "Hello {{ first_name }}", "html": "<p>Hello</p>"})
def preview_mail(body: PreviewAsked) -> PreviewShown:
    """How a mail would look for somebody. Nothing is stored."""
    person = person_of(work().session, me(), body.person_id) if body.person_id is not None else None
    return PreviewShown.model_validate(preview(body.content(), person, me()))


@api.post("/previews/send", status=201, example={"subject": "Hello", "html": "<p>Hello</p>"})
def send_preview(body: PreviewAsked) -> TestSent:
    """Send it to yourself."""
    message = send_test(work(), me(), body.content(), body.person_id)
    work().session.flush()
    return TestSent(message_id=message.id, email=message.email)


@api.post("/previews/hints", example={"subject": "RE: FREE!!!", "html": "<p>Hello</p>"})
def hint_at_mail(body: WordsAsked) -> HintsShown:
    """What in these words is worth a second look. Nothing is stored, and nothing is forbidden."""
    found = hints_typed(body.model_dump(exclude={"bulk"}), bulk=body.bulk)
    return HintsShown(hints=[HintShown.model_validate(one) for one in found])
