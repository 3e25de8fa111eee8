"""Files that go with mails: kept once, carried by whoever copies the words, and the very bytes can be made again."""

from __future__ import annotations

import email
from datetime import timedelta
from email import policy
from email.message import EmailMessage

import pytest
import sqlalchemy as sa

from integrations.sandbox import SandboxMail
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.campaigns.beside_the_file import left_out_of_the_file
from sales_campaigns.campaigns.copying import copy_campaign
from sales_campaigns.campaigns.editing import StepWords, bring_back, write_step
from sales_campaigns.campaigns.filing import export_campaign, import_campaign
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.attachments import MEGABYTE, Upload
from sales_campaigns.content.bundles import bundle_named, content_at, enclosed, gather, withdraw
from sales_campaigns.content.models import Attachment, AttachmentFile, Bundle, Wording
from sales_campaigns.content.templates import TemplateDraft, copy_template, create_template, edit_template
from sales_campaigns.content.wordings import wording_of
from sales_campaigns.deliveries.editing import duplicate
from sales_campaigns.deliveries.models import DeliverySetup
from sales_campaigns.deliveries.personal import write_personal
from sales_campaigns.deliveries.policies import task_of
from sales_campaigns.enrollments.composing import open_composer, send_for_task
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.errors import Invalid, NotAllowed, NotFound
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.recipes import copy_to_file
from sales_campaigns.messages.letters.carrying import made_at_once
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.messages.outbox.drafting import About, save_draft
from sales_campaigns.messages.outbox.keeping import rewrite
from sales_campaigns.messages.outbox.lines import exact_mail
from sales_campaigns.people.models import Person
from sales_campaigns.rehearsals.asking import Wanted, ask_rehearsal
from sales_campaigns.rehearsals.playing import play_of
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from scheduler.rehearsing import rehearse
from tests.builders import a_call, a_campaign, a_delivery, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.sink import Sink

OFFER = Upload("Angebot – åäö.pdf", "application/pdf", b"%PDF-1.7 offer" * 50)
TERMS = Upload("terms.txt", "text/plain", b"Terms\r\n")
PEOPLE = ("maria@example.com", "nils@example.net", "olga@example.com")


def with_offer(uow: UnitOfWork, cast: Cast, *uploads: Upload) -> int:
    """A bundle of Ana's team."""
    bundle_id = gather(uow, cast.ana, cast.ana.team_id, None, uploads or [OFFER])
    assert bundle_id is not None
    return bundle_id


def words(uow: UnitOfWork, bundle_id: int) -> int:
    return wording_of(uow.session, "The offer", "<p>Hello {{ first_name }}</p>", "", bundle_id).id


def campaign_with_offer(uow: UnitOfWork, cast: Cast, *later: str) -> Campaign:
    first = a_mail(uow, 1, wording_id=words(uow, with_offer(uow, cast)))
    return a_campaign(uow, cast.ana, [first, *(a_follow_up(uow, 2, html) for html in later)])


def launched(work: Work, cast: Cast, room: PostRoom, *people: str, later: tuple[str, ...] = ()) -> None:
    with work() as uow:
        campaign = campaign_with_offer(uow, cast, *later)
        ids = [a_person(uow, cast.ana, person).id for person in people or PEOPLE[:1]]
        launch(uow, cast.ana, Order(campaign.id, ids))
    run_until_quiet(room)


def read(raw: bytes) -> EmailMessage:
    mail = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def files(raw: bytes) -> dict[str | None, bytes]:
    found = {}
    for part in read(raw).iter_attachments():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[part.get_filename()] = content
    return found


def names(uow: UnitOfWork, wording_id: int | None) -> list[str]:
    wording = uow.session.get_one(Wording, wording_id)
    return [one.name for one in enclosed(uow.session, wording.bundle_id)]


def test_the_same_file_is_kept_once_and_the_same_files_are_one_bundle(work: Work, cast: Cast) -> None:
    with work() as uow:
        first = with_offer(uow, cast, OFFER, TERMS)
        assert with_offer(uow, cast, OFFER, TERMS) == first
        renamed = with_offer(uow, cast, Upload("other.pdf", "application/pdf", OFFER.content))
        assert renamed != first
        assert uow.session.scalar(sa.select(sa.func.count(AttachmentFile.id))) == 2


def test_one_is_left_out_and_another_comes_behind(work: Work, cast: Cast) -> None:
    with work() as uow:
        both = with_offer(uow, cast, OFFER, TERMS)
        more = gather(uow, cast.ana, cast.ana.team_id, both, [Upload("b.txt", "", b"b")], without=[0])
        assert [one.name for one in enclosed(uow.session, more)] == ["terms.txt", "b.txt"]
        assert gather(uow, cast.ana, cast.ana.team_id, both, without=[0, 1]) is None


def test_23_mb_are_the_most_in_all(work: Work, cast: Cast) -> None:
    """The rule: attached files, at most 23 MB."""
    with work() as uow:
        bundle_id = with_offer(uow, cast)
        with pytest.raises(Invalid, match="23 MB at most"):
            gather(uow, cast.ana, cast.ana.team_id, bundle_id, [Upload("b.zip", "", bytes(23 * MEGABYTE))])
        assert uow.session.scalar(sa.select(sa.func.count(AttachmentFile.id))) == 1


@pytest.mark.parametrize("bulk", [False, True], ids=["one by one", "bulk lane"])
def test_a_step_s_files_go_with_every_mail_and_the_exact_bytes_are_made_again(
    bulk: bool, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """The rule: the exact mail that left can be shown, and no message keeps a copy of a file."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=bulk))
    launched(work, cast, room, *PEOPLE)
    assert [files(mail.raw) for mail in sink.caught] == [{OFFER.name: OFFER.content}] * 3
    assert "Hello Maria" in sink.caught[0].raw.decode()
    with work() as uow:
        undeferred = (sa.orm.undefer(Message.mime), sa.orm.undefer(Message.mime_hash))
        rows = uow.session.scalars(sa.select(Message).options(*undeferred)).all()
        assert all(row.mime is None if bulk else b"multipart/mixed" not in (row.mime or b"") for row in rows)
        assert {exact_mail(uow.session, row) for row in rows} == {mail.raw for mail in sink.caught}
        if not bulk:
            assert {copy_to_file(uow.session, row.id) for row in rows} == {mail.raw for mail in sink.caught}


def test_a_follow_up_quotes_the_words_and_leaves_the_files_out(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    launched(work, cast, room, later=("<p>And again</p>",))
    fast_forward(room, clock, clock.now() + timedelta(days=2))
    first, second = sink.caught
    assert files(first.raw) and not files(second.raw)
    body = read(second.raw).get_body(("plain",))
    assert body is not None and "> Hello Maria" in body.get_content()


@pytest.mark.parametrize("spoil", ["withdrawn", "damaged"])
def test_a_missing_file_makes_the_mail_a_task_to_mend(
    spoil: str, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """The rule: a step's mail that cannot be made (missing attachment) becomes a task Mend this mail."""
    with work() as uow:
        campaign = campaign_with_offer(uow, cast)
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
        bundle = uow.session.scalars(sa.select(Bundle)).one()
        if spoil == "withdrawn":
            withdraw(uow, cast.cleo, bundle, 0)
        else:
            uow.session.execute(sa.update(AttachmentFile).values(content=b"something else"))
    run_until_quiet(room)
    assert not sink.caught
    with work() as uow:
        task = uow.session.scalars(sa.select(Task)).one()
        assert task.name == "Mend this mail" and f"“{OFFER.name}” is no longer there" in task.details
        maria = uow.session.get_one(Person, task.person_id)
        opening = open_composer(uow.session, cast.ana, task, maria)
        assert opening.beside.bundle_id is not None
        send_for_task(uow, cast.ana, task, maria, Typed("The offer", "<p>Without</p>"))
    run_until_quiet(room)
    assert files(sink.caught[0].raw) == {}


def test_only_an_administrator_withdraws_a_file_and_the_same_file_anew_is_there_again(
    work: Work, cast: Cast
) -> None:
    with work() as uow:
        with_offer(uow, cast)
        bundle = uow.session.scalars(sa.select(Bundle)).one()
        with pytest.raises(NotAllowed):
            withdraw(uow, cast.ana, bundle, 0)
        assert withdraw(uow, cast.cleo, bundle, 0) == OFFER.name
        with pytest.raises(NotFound):
            content_at(uow.session, bundle, 0)
        with_offer(uow, cast)
        assert content_at(uow.session, bundle, 0)[1] == OFFER.content


def test_what_the_server_does_not_take_is_refused_before_it_is_scheduled_and_at_preparation(
    work: Work, cast: Cast
) -> None:
    """The rule: checked on upload, and again against the channel's limit."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(largest_mail=500))
        uow.session.expire_all()
        typed = Typed("Hi", "<p>Hi</p>", bundle_id=with_offer(uow, cast), sizes=(len(OFFER.content),))
        with pytest.raises(Invalid, match="the mail server takes 500 bytes"):
            write_personal(uow, cast.ana, a_person(uow, cast.ana), typed)
        delivery = a_delivery(uow, cast.cleo)
        uow.session.get_one(DeliverySetup, delivery.id).wording_id = words(uow, with_offer(uow, cast))
        assert "takes 500 bytes" in task_of(uow.session, delivery, uow.now).problems["attach"]


def test_a_launch_is_refused_before_anything_is_scheduled(work: Work, cast: Cast) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(largest_mail=500))
        uow.session.expire_all()
        campaign = campaign_with_offer(uow, cast)
        with pytest.raises(Invalid, match=r"Day 1, step 1: The files make a mail of"):
            launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
        assert not uow.session.scalars(sa.select(Message)).all()


def test_a_rehearsal_plays_the_files_too(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = campaign_with_offer(uow, cast)
        a_person(uow, cast.ana)
        row = ask_rehearsal(uow, cast.ana, campaign.id, Wanted())
        uow.session.flush()
        play = play_of(uow.session, row.id)
    told = rehearse(SandboxMail, play, lambda _: None).told()
    assert [one["attachments"] for one in told["messages"]] == [[OFFER.name]]


def test_what_became_too_large_for_the_server_is_mended_not_sent(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        campaign = campaign_with_offer(uow, cast)
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
        uow.session.execute(sa.update(Mailbox).values(largest_mail=500))
    run_until_quiet(room)
    with work() as uow:
        assert "the mail server takes 500 bytes" in uow.session.scalars(sa.select(Task)).one().details
    assert not sink.caught


def test_a_rep_attaches_a_file_to_a_mail_of_their_own_and_to_its_draft(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        maria, bundle_id = a_person(uow, cast.ana), with_offer(uow, cast)
        typed = Typed("Hi", "<p>Hi</p>", key="k", bundle_id=bundle_id)
        draft = save_draft(uow, cast.ana, About(maria.id), typed)
        assert draft is not None and draft.bundle_id == bundle_id
        write_personal(uow, cast.ana, maria, typed)
    run_until_quiet(room)
    assert list(files(sink.caught[0].raw)) == [OFFER.name]


def test_a_mail_that_waits_is_rewritten_with_other_files_or_none(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    with work() as uow:
        step = a_mail(uow, 1, at="10:00", wording_id=words(uow, with_offer(uow, cast)))
        campaign = a_campaign(uow, cast.ana, [step])
        maria, nils = (a_person(uow, cast.ana, who) for who in PEOPLE[:2])
        launch(uow, cast.ana, Order(campaign.id, [maria.id, nils.id]))
        first, second = uow.session.scalars(sa.select(Message).order_by(Message.id))
        rewrite(uow, cast.ana, first, maria, Typed("Hi", "<p>Hi</p>"))
        rewrite(uow, cast.ana, second, nils, Typed("Hi", "<p>Hi</p>", bundle_id=with_offer(uow, cast, TERMS)))
    fast_forward(room, clock, clock.now() + timedelta(days=1))
    assert {mail.recipients[0]: list(files(mail.raw)) for mail in sink.caught} == {
        PEOPLE[0]: [],
        PEOPLE[1]: ["terms.txt"],
    }


def test_versions_and_copies_of_a_campaign_keep_the_files_by_reference(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign = campaign_with_offer(uow, cast)
        [step] = drafts_of(newest(uow.session, campaign))
        write_step(uow, cast.ana, campaign.id, step.key, StepWords("Hi", "<p>Hi</p>"))
        assert names(uow, drafts_of(newest(uow.session, campaign))[0].wording_id) == []
        bring_back(uow, cast.ana, campaign.id, 1)
        copy = copy_campaign(uow, cast.ben, campaign.id)
        for one in (campaign, copy):
            assert names(uow, drafts_of(newest(uow.session, one))[0].wording_id) == [OFFER.name]
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(Attachment)) == 1


def test_a_template_and_its_copy_and_a_delivery_and_its_copy_keep_the_files(work: Work, cast: Cast) -> None:
    with work() as uow:
        draft = TemplateDraft("Offer", "The offer", "<p>Hi</p>", bundle_id=with_offer(uow, cast))
        template = create_template(uow, cast.ana, draft)
        assert names(uow, copy_template(uow, cast.ben, template.id).wording_id) == [OFFER.name]
        edit_template(uow, cast.ana, template.id, TemplateDraft("Offer", "The offer", "<p>Hi</p>"))
        assert template.version == 2 and names(uow, template.wording_id) == []
        delivery = a_delivery(uow, cast.cleo)
        setup = uow.session.get_one(DeliverySetup, delivery.id)
        setup.wording_id = words(uow, with_offer(uow, cast))
        copy = duplicate(uow, cast.cleo, delivery.id)
        assert names(uow, uow.session.get_one(DeliverySetup, copy.id).wording_id) == [OFFER.name]


def test_a_campaign_file_says_nothing_of_files_and_copies_so_steps_keep_theirs(
    work: Work, cast: Cast
) -> None:
    with work() as uow:
        first = a_mail(uow, 1, wording_id=words(uow, with_offer(uow, cast)), cc="boss@north.example")
        campaign = a_campaign(uow, cast.ana, [first, a_call(2)])
        before = drafts_of(newest(uow.session, campaign))
        assert left_out_of_the_file(uow.session, campaign) == [
            f"Day 1, step 1: attached files are not part of a campaign file ({OFFER.name}).",
            "Day 1, step 1: CC and BCC are not part of a campaign file.",
        ]
        import_campaign(uow, cast.ana, export_campaign(uow.session, campaign))
        assert drafts_of(newest(uow.session, campaign)) == before


def test_a_bundle_of_another_team_is_not_there(work: Work, cast: Cast) -> None:
    with work() as uow:
        with_offer(uow, cast)
        digest = uow.session.scalars(sa.select(Bundle.digest)).one()
        assert bundle_named(uow.session, cast.ben, digest).team_id == cast.ana.team_id
        for actor, named in ((cast.dirk, digest), (cast.ana, "\0"), (cast.ana, digest[:-1])):
            with pytest.raises(NotFound):
                bundle_named(uow.session, actor, named)


def test_a_bulk_lane_holds_as_many_mails_at_once_as_fit_into_memory(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    launched(work, cast, room)
    with work() as uow:
        ids = uow.session.scalars(sa.select(Message.id)).all()
        assert made_at_once(uow.session, ids, 100) == 100
        uow.session.execute(sa.update(AttachmentFile).values(size=23 * MEGABYTE))
        assert made_at_once(uow.session, ids, 100) == 3
