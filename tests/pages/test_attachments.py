"""Files in the forms of mails: taken in, listed, left out, fetched; and nothing typed or uploaded is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from io import BytesIO

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from sales_campaigns.accounts.models import User
from sales_campaigns.content.attachments import MEGABYTE
from sales_campaigns.content.bundles import enclosed
from sales_campaigns.content.models import AttachmentFile, Bundle, Template, Wording
from sales_campaigns.content.templates import TemplateDraft, create_template
from sales_campaigns.content.wordings import content_of
from sales_campaigns.deliveries.models import DeliverySetup
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.letters.carrying import bundle_of
from sales_campaigns.messages.models import Draft, Message
from tests.builders import a_campaign, a_delivery, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import plain

Browse = Callable[[User], Browser]
WORDS = {"name": "Offer", "subject": "The offer", "html": "<p>Hello</p>", "shared": "1"}


def a_file(name: str = "offer.pdf", content: bytes = b"%PDF-1.7") -> FileStorage:
    return FileStorage(BytesIO(content), name)


def digest_in(html: str) -> str:
    found = re.search(r'name="bundle" value="(\w*)"', html)
    assert found is not None
    return found[1]


def posted(browser: Browser, url: str, typed: Mapping[str, object]) -> TestResponse:
    """A form with files. Its body is made here: the client of the library would leave a large one open."""
    boundary, body = encode_multipart({"csrf_token": browser.token, **typed})
    kind = f'multipart/form-data; boundary="{boundary}"'
    return browser.client.post(url, data=body, content_type=kind)


def uploaded(browser: Browser, **file: object) -> str:
    """The digest of a bundle with one file."""
    chosen = a_file(**file)  # type: ignore[arg-type]
    return digest_in(posted(browser, "/attachments", {"attach": chosen}).text)


def files_of(work: Work, wording_id: int | None) -> list[str]:
    with work() as uow:
        content = content_of(uow.session.get(Wording, wording_id))
        return [one.name for one in enclosed(uow.session, content.bundle_id)]


def test_a_file_is_taken_in_when_it_is_chosen_and_fetched_as_a_file(browse: Browse, cast: Cast) -> None:
    browser = browse(cast.ana)
    digest = uploaded(browser, name="../Angebot – åäö.html", content=b"<script>alert(1)</script>")
    answer = browse(cast.ben).get(f"/attachments/{digest}/0")
    assert answer.data == b"<script>alert(1)</script>"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "filename*=UTF-8''Angebot%20%E2%80%93" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert browse(cast.dirk).get(f"/attachments/{digest}/0").status_code == 404
    assert browser.get(f"/attachments/{digest}/1").status_code == 404
    assert browser.get(f"/attachments/{'0' * 64}/0").status_code == 404


def test_it_is_left_out_again(browse: Browse, cast: Cast) -> None:
    browser = browse(cast.ana)
    digest = uploaded(browser)
    answer = browser.post("/attachments", {"bundle": digest, "detach": "0"}, htmx=True)
    assert digest_in(answer.text) == "" and "offer.pdf" not in answer.text


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("large.zip", b"x" * (24 * MEGABYTE), "24 MB in all; a mail carries 23 MB at most"),
        ("empty.pdf", b"", "“empty.pdf” is empty"),
        ("setup.exe", b"MZ", "is a program"),
    ],
)
def test_what_cannot_go_along_is_said_beside_the_field_and_what_was_typed_stays(
    name: str, content: bytes, words: str, browse: Browse, work: Work, cast: Cast
) -> None:
    browser = browse(cast.ana)
    digest = uploaded(browser)
    typed = {**WORDS, "bundle": digest, "attach": a_file(name, content)}
    answer = posted(browser, "/templates", typed)
    assert answer.status_code == 422 and words in plain(answer.text)
    assert "The offer" in answer.text and digest_in(answer.text) == digest
    with work() as uow:
        assert not uow.session.scalars(sa.select(Template)).all()
        assert uow.session.scalar(sa.select(sa.func.count(AttachmentFile.id))) == 1


def test_a_name_with_line_breaks_folders_and_300_characters_becomes_a_fine_one(
    browse: Browse, cast: Cast
) -> None:
    typed = {"attach": a_file("../" + "a" * 300 + ".pdf")}
    answer = posted(browse(cast.ana), "/attachments", typed)
    assert "a" * 196 + ".pdf<" in answer.text and "../" not in plain(answer.text)


def test_an_upload_is_not_lost_when_another_field_is_wrong(browse: Browse, work: Work, cast: Cast) -> None:
    """Without scripts the file comes with the form; a browser never fills it in again."""
    browser = browse(cast.ana)
    refused = posted(browser, "/templates", {**WORDS, "name": "", "attach": a_file()})
    assert refused.status_code == 422 and "offer.pdf" in refused.text
    browser.post("/templates", {**WORDS, "bundle": digest_in(refused.text)})
    with work() as uow:
        template = uow.session.scalars(sa.select(Template)).one()
    assert files_of(work, template.wording_id) == ["offer.pdf"]
    form = browser.get(f"/templates/{template.id}").text
    assert "offer.pdf" in form and digest_in(form) == digest_in(refused.text)


def test_a_bundle_of_another_team_cannot_be_named(browse: Browse, cast: Cast) -> None:
    digest = uploaded(browse(cast.ana))
    assert browse(cast.dirk).post("/templates", {**WORDS, "bundle": digest}).status_code == 404


def test_an_administrator_of_all_teams_gives_a_content_its_own_team_s_files(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        template = create_template(uow, cast.dirk, TemplateDraft("Offer", "Hi", "<p>Hi</p>"))
    cleo = browse(cast.cleo)
    cleo.post(f"/templates/{template.id}", {**WORDS, "bundle": uploaded(cleo)})
    with work() as uow:
        row = uow.session.get_one(Template, template.id)
        bundle = uow.session.get_one(Bundle, uow.session.get_one(Wording, row.wording_id).bundle_id)
        assert bundle.team_id == cast.dirk.team_id
    assert browse(cast.dirk).get(f"/attachments/{bundle.digest}/0").status_code == 200


def test_a_step_takes_files_and_copies_and_a_wrong_copy_keeps_both(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)])
        key = campaign_key(uow, campaign.id)
    browser, url = browse(cast.ana), f"/campaigns/{campaign.id}/steps/{key}"
    typed = {"subject": "Hi", "html": "<p>Hi</p>", "cc": "boss@", "attach": a_file()}
    refused = posted(browser, url, typed)
    assert refused.status_code == 422 and "“boss@” is not an e-mail address" in plain(refused.text)
    assert "offer.pdf" in refused.text and 'value="boss@"' in refused.text
    again = {**typed, "cc": "boss@north.example", "bundle": digest_in(refused.text)}
    del again["attach"]
    assert browser.post(url, again).status_code == 303
    shown = browser.get(url).text
    assert "offer.pdf" in shown and 'value="boss@north.example"' in shown


def campaign_key(uow: object, campaign_id: int) -> str:
    from sales_campaigns.campaigns.models import Campaign
    from sales_campaigns.campaigns.versions import newest

    session = uow.session  # type: ignore[attr-defined]
    key: str = newest(session, session.get_one(Campaign, campaign_id)).steps[0].key
    return key


def test_a_mail_of_one_s_own_and_its_draft_carry_files_and_the_mail_lists_them(
    browse: Browse, work: Work, cast: Cast
) -> None:
    with work() as uow:
        person_id = a_person(uow, cast.ana).id
    browser = browse(cast.ana)
    typed = {"subject": "Hi", "html": "<p>Hi</p>", "key": "k", "bundle": uploaded(browser)}
    browser.post(f"/compose/draft?person={person_id}", typed)
    with work() as uow:
        draft = uow.session.scalars(sa.select(Draft)).one()
        assert draft.bundle_id is not None
    assert "offer.pdf" in browser.get(f"/compose?person={person_id}&draft={draft.id}").text
    browser.post(f"/compose?person={person_id}", typed)
    with work() as uow:
        message = uow.session.scalars(sa.select(Message)).one()
        assert bundle_of(uow.session, message) == draft.bundle_id
    assert "offer.pdf" in browser.get(f"/emails/{message.id}").text


def test_a_mail_that_waits_loses_its_file_on_the_page(browse: Browse, work: Work, cast: Cast) -> None:
    browser = browse(cast.ana)
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
        message = uow.session.scalars(sa.select(Message)).one()
    url = f"/emails/{message.id}/edit"
    typed = {"subject": "Hi", "html": "<p>Hi</p>", "send_at": "2026-11-30T10:00"}
    assert posted(browser, url, {**typed, "attach": a_file()}).status_code == 303
    digest = digest_in(browser.get(url).text)
    assert digest
    assert browser.post(url, {**typed, "bundle": digest, "detach": "0"}).status_code == 303
    assert digest_in(browser.get(url).text) == ""


def test_a_delivery_takes_the_files_of_a_template_and_keeps_them(
    browse: Browse, work: Work, cast: Cast
) -> None:
    cleo = browse(cast.cleo)
    cleo.post("/templates", {**WORDS, "bundle": uploaded(cleo)})
    with work() as uow:
        template = uow.session.scalars(sa.select(Template)).one()
        delivery = a_delivery(uow, cast.cleo)
        setup = uow.session.get_one(DeliverySetup, delivery.id)
    form = cleo.get(f"/deliveries/{delivery.id}/edit?template={template.id}").text
    typed = {
        "name": "Prices",
        "subject": "The offer",
        "html": "<p>Hello</p>",
        "mailbox": setup.mailbox_id,
        "audience": "everybody",
        "validity_hours": "120",
        "bundle": digest_in(form),
    }
    assert cleo.post(f"/deliveries/{delivery.id}/edit", typed).status_code == 303
    with work() as uow:
        wording_id = uow.session.get_one(DeliverySetup, delivery.id).wording_id
    assert files_of(work, wording_id) == ["offer.pdf"]


def test_a_file_is_withdrawn_by_an_administrator_only(browse: Browse, cast: Cast) -> None:
    digest = uploaded(browse(cast.ana))
    assert browse(cast.ben).post(f"/attachments/{digest}/0/withdraw").status_code == 403
    assert browse(cast.cleo).post(f"/attachments/{digest}/0/withdraw").status_code == 303
    assert browse(cast.ana).get(f"/attachments/{digest}/0").status_code == 404
