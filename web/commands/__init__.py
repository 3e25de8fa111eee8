"""Every group of commands, one file a group, one line here."""

from flask import Flask

from web.commands import (
    asking,
    campaign,
    campaign_changes,
    campaign_variants,
    channels,
    crm,
    db,
    delivery,
    delivery_proofs,
    delivery_runs,
    delivery_variants,
    detours,
    doctor,
    instance,
    launching,
    leave,
    listing,
    mail,
    mailbox_stops,
    mailboxes,
    notices,
    openapi,
    people,
    personal_data,
    policy,
    quarantine,
    rehearsing,
    schedule,
    tasks,
    tokens,
    user_standing,
    users,
    why,
    workspace,
)

for command in (
    launching.command,
    rehearsing.command,
    campaign_changes.plan,
    campaign_changes.apply,
    campaign_variants.report,
    campaign_variants.variant,
    detours.jump,
    detours.restart,
    detours.move,
    listing.list_campaigns,
):
    campaign.group.add_command(command)
for command in (
    mailbox_stops.list_mailboxes,
    mailbox_stops.stop,
    mailbox_stops.release,
    mailbox_stops.end_consent,
):
    mailboxes.group.add_command(command)
for command in (user_standing.list_users, user_standing.deactivate_user, user_standing.activate_user):
    users.group.add_command(command)
for command in (
    personal_data.export,
    personal_data.erase_person,
    listing.list_people,
    listing.list_groups,
):
    people.group.add_command(command)
for command in (
    delivery_proofs.proof,
    delivery_proofs.compute,
    delivery_variants.ab_test,
    delivery_variants.choose_winner,
):
    delivery.group.add_command(command)
for command in delivery_runs.COMMANDS:
    delivery.group.add_command(command)
GROUPS = [
    campaign.group,
    channels.group,
    crm.group,
    db.group,
    delivery.group,
    instance.group,
    leave.group,
    mail.group,
    mailboxes.group,
    notices.group,
    people.group,
    policy.group,
    quarantine.group,
    schedule.group,
    tasks.group,
    tokens.group,
    users.group,
    workspace.group,
]


def install(app: Flask) -> None:
    for group in GROUPS:
        app.cli.add_command(group)
    app.cli.add_command(doctor.command)
    app.cli.add_command(why.command)
    app.cli.add_command(openapi.command)
    app.cli.add_command(asking.command)
