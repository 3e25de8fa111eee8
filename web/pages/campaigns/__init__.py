"""Campaigns: the list, the editor, launching, foreseeing, rehearsing, one person in them."""

from web.pages.campaigns import (
    campaign_editor,
    campaign_people,
    campaign_report,
    campaign_settings,
    campaign_step,
    campaign_tasks,
    campaigns,
    detour,
    enrollment,
    late,
    launch,
    rehearse,
    simulate,
    step_variants,
    why,
)

PAGES = (
    campaign_editor.pages,
    campaign_people.pages,
    campaign_report.pages,
    campaign_settings.pages,
    campaign_step.pages,
    campaign_tasks.pages,
    campaigns.pages,
    detour.pages,
    enrollment.pages,
    late.pages,
    launch.pages,
    rehearse.pages,
    simulate.pages,
    step_variants.pages,
    why.pages,
)
