"""What a step has that no campaign file says: its key, its files, to whom copies go, its other variants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from sales_campaigns.campaigns.checks import wordings_of
from sales_campaigns.campaigns.drafts import StepDraft, Steps
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.variants import VariantDraft, running
from sales_campaigns.campaigns.varied import SaidVariant, Varied
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.content.bundles import enclosed
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.wordings import content_of, wording_for
from sales_campaigns.unit_of_work import UnitOfWork


def left_out_of_the_file(session: Session, campaign: Campaign) -> list[str]:
    """What the newest version holds and the format has no words for, as sentences."""
    steps = drafts_of(newest(session, campaign))
    wordings, found = wordings_of(session, steps), []
    for step in steps:
        where = f"Day {step.day}, step {step.number}"
        files = enclosed(session, content_of(wordings.get(step.wording_id or 0)).bundle_id)
        if files:
            names = ", ".join(one.name for one in files)
            found.append(f"{where}: attached files are not part of a campaign file ({names}).")
        if step.cc or step.bcc:
            found.append(f"{where}: CC and BCC are not part of a campaign file.")
        if len(running(step.variants)) > 1:
            found.append(f"{where}: a campaign file has the first of its variants only.")
    return found


def bundles_of(session: Session, campaign: Campaign) -> dict[str, int]:
    """Place of a step, from "0" → the bundle that its mail carries; for JSON. Variants carry their own."""
    steps = drafts_of(newest(session, campaign))
    wordings = wordings_of(session, steps)
    carried = (content_of(wordings.get(step.wording_id or 0)).bundle_id for step in steps)
    return {str(place): bundle_id for place, bundle_id in enumerate(carried) if bundle_id is not None}


def varied_of(session: Session, campaign: Campaign) -> dict[int, Varied]:
    """The steps of the newest version that say several things, by their place from 0; two queries."""
    steps = drafts_of(newest(session, campaign))
    wordings = wordings_of(session, steps)
    return {
        place: Varied(step.key, tuple(_said(one, wordings) for one in step.variants))
        for place, step in enumerate(steps)
        if step.variants
    }


def _said(variant: VariantDraft, wordings: Mapping[int, Wording]) -> SaidVariant:
    content = content_of(wordings[variant.wording_id])
    return SaidVariant(variant.key, content, variant.weight, variant.stopped)


def with_what_stands_beside(uow: UnitOfWork, steps: Steps, former: Steps) -> Steps:
    """The steps of a file over those of a stored campaign: one that stays keeps its key, its files and its copies."""
    bare = tuple(replace(step, wording_id=_bare(uow, step)) for step in former)
    known = {step.key: step for step in former}
    return tuple(
        _still_varied(_keeping(uow, step, known[step.key]), known[step.key]) if step.key in known else step
        for step in _with_old_keys(steps, bare)
    )


def _content(uow: UnitOfWork, step: StepDraft) -> Content:
    return content_of(uow.session.get(Wording, step.wording_id) if step.wording_id is not None else None)


def _bare(uow: UnitOfWork, step: StepDraft) -> int | None:
    """What it says without its files, as a file says it."""
    content = _content(uow, step)
    if content.bundle_id is None:
        return step.wording_id
    return wording_for(uow.session, replace(content, bundle_id=None)).id


def _keeping(uow: UnitOfWork, step: StepDraft, old: StepDraft) -> StepDraft:
    """Words of a template bring the template's files."""
    same = step.from_template == old.from_template
    step = replace(step, cc=old.cc, bcc=old.bcc, template_id=old.template_id if same else None)
    bundle_id = _content(uow, old).bundle_id
    mine = _content(uow, step)
    if bundle_id is None or step.wording_id is None or mine.bundle_id is not None:
        return step
    return replace(step, wording_id=wording_for(uow.session, replace(mine, bundle_id=bundle_id)).id)


def _still_varied(step: StepDraft, old: StepDraft) -> StepDraft:
    """A step that says what the first of its variants says keeps the others."""
    same = step.kind is old.kind and step.wording_id == old.wording_id
    return replace(step, variants=old.variants) if same else step


def _with_old_keys(steps: Steps, former: Steps) -> Steps:
    """A step is the same as before when it says the same, else when it stands where one of its type stood.

    So a step that is put before others leaves them what they are, with their log and the people on the way to them.
    """
    keys: dict[int, str] = {}
    for alike in (_place_and_words, _words, _place):
        free = {alike(step): step.key for step in reversed(former) if step.key not in keys.values()}
        for index, step in enumerate(steps):
            if index not in keys and (key := free.pop(alike(step), None)) is not None:
                keys[index] = key
    return tuple(replace(step, key=keys.get(index, step.key)) for index, step in enumerate(steps))


def _place(step: StepDraft) -> tuple[object, ...]:
    return step.day, step.number, step.kind


def _words(step: StepDraft) -> tuple[object, ...]:
    return step.kind, step.wording_id, step.name, step.details


def _place_and_words(step: StepDraft) -> tuple[object, ...]:
    return *_place(step), *_words(step)
