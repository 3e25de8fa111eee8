"""Of which templates the words of steps were taken: known by id, so that a new name of a template loses nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from sqlalchemy.orm import Session

from sales_campaigns.campaigns.drafts import StepDraft, Steps
from sales_campaigns.campaigns.variants import VariantDraft
from sales_campaigns.content.templates import ids_by_name

D = TypeVar("D", StepDraft, VariantDraft)


def taken_from(draft: D, name: str) -> D:
    """With words of the template of this name; the template that it had stays where the name does."""
    same = name == draft.from_template
    return replace(draft, from_template=name, template_id=draft.template_id if same else None)


def with_templates(session: Session, team_id: int, steps: Steps) -> Steps:
    """With the ids of the team's templates of these names, where they are not known; one query, or none."""
    unknown = {one.from_template for one in _said(steps) if one.from_template and one.template_id is None}
    ids = ids_by_name(session, team_id, unknown)
    return tuple(_named(step, ids) for step in steps) if ids else steps


def _named(step: StepDraft, ids: Mapping[str, int]) -> StepDraft:
    return replace(_with_id(step, ids), variants=tuple(_with_id(one, ids) for one in step.variants))


def _with_id(draft: D, ids: Mapping[str, int]) -> D:
    return replace(draft, template_id=draft.template_id or ids.get(draft.from_template))


def _said(steps: Steps) -> Iterable[StepDraft | VariantDraft]:
    for step in steps:
        yield step
        yield from step.variants
