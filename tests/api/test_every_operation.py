"""Every operation, whoever declared it: nobody gets in without a token, nobody sees another team's rows.

The operations are read from the application with their own examples, so that one without an example fails here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from sales_campaigns.api_access.scopes import Scope
from tests.api.conftest import Program
from tests.cast import Cast
from tests.pages.test_every_route import Ids, ids
from web.api.protocol.operations import Operation
from web.api.rooms import AREAS

__all__ = ["ids"]
OPERATIONS = [one for area in AREAS for one in area.operations]
FOR_ADMINISTRATORS = {
    "change_call_choices",
    "get_team",
    "list_audit",
    "resubscribe_person",
    "list_users",
    "invite_user",
    "get_user",
    "change_rights_of_user",
    "make_link_for_user",
    "deactivate_user",
    "activate_user",
    "hand_over_of_user",
    "end_held_of_user",
    "give_belongings_of_user",
    "stop_all_sending",
    "release_all_sending",
    "confirm_installation",
    "list_schedules",
    "create_schedule",
    "get_schedule",
    "change_schedule_of_team",
    "delete_schedule",
    "list_holidays",
    "keep_holiday_of_team",
    "delete_holiday",
    "get_policy",
    "change_policy_of_team",
    "list_addresses",
    "put_address_on_list",
    "take_address_off_list",
    "release_addresses",
    "list_blocked_domains",
    "block_domain_for_all",
    "unblock_domain_for_all",
    "list_webhooks",
    "create_webhook",
    "get_webhook",
    "change_webhook_of_team",
    "delete_webhook_of_team",
    "test_webhook_of_team",
    "list_webhook_calls",
    "get_webhook_call",
    "replay_webhook_call",
    "create_sending_rule",
    "change_sending_rule",
    "switch_sending_rule",
    "delete_sending_rule",
    "change_bounce_rule",
    "change_channel_of_team",
    "change_crm_fields",
    "change_crm_switches",
    "change_crm_users",
    "change_footer_of_team",
    "change_retention_of_logs",
    "change_retries_of_mail",
    "check_channel",
    "check_crm",
    "check_mailbox_of_user",
    "connect_crm",
    "connect_mailboxes_of_users",
    "count_personal_data",
    "create_bounce_rule",
    "create_channel",
    "delete_bounce_rule",
    "disconnect_crm",
    "dismiss_set_up",
    "erase_personal_data",
    "get_channel",
    "get_crm",
    "get_footer",
    "get_health",
    "get_retention",
    "get_retries",
    "get_set_up",
    "keep_delegation_key",
    "keep_unknown_bounce",
    "let_my_relay_report",
    "lift_domain_limit",
    "limit_domain_of_recipients",
    "list_bounce_rules",
    "list_channels",
    "list_crm_refusals",
    "list_crm_users",
    "list_delegations",
    "list_domain_limits",
    "list_set_aside",
    "list_unknown_bounces",
    "quarantine_addresses_again",
    "restore_bounce_rules",
    "retry_crm_refusals",
    "take_channel_away",
    "take_delegation_key_away",
    "tell_personal_data",
    "list_archives",
    "export_workspace",
    "try_bounce_rules",
    "try_set_aside_again",
    "withdraw_attachment",
    # What needs the right to prepare or to start deliveries.
    "create_delivery",
    "change_delivery",
    "duplicate_delivery",
    "delete_delivery",
    "prepare_delivery",
    "stop_preparing_delivery",
    "confirm_delivery",
    "ask_for_delivery_confirmation",
    "unschedule_delivery",
    "pause_delivery",
    "resume_delivery",
    "stop_delivery",
    "send_delivery_proofs",
    "ask_for_approval",
    "start_series_of_delivery",
    "change_delivery_template",
    "change_test_profile",
    "compute_delivery",
    "confirm_run",
    "create_delivery_template",
    "create_test_profile",
    "delete_delivery_template_of_team",
    "delete_test_profile",
    "drop_run",
    "keep_settings_as_template",
    "make_continuous",
    "make_single_again",
    "reset_history_of_delivery",
    "set_ab_test",
    "drop_ab_test",
    "choose_winner_of_delivery",
}


def path_of(one: Operation, ids: Ids) -> str:
    path = one.path
    for name in one.arguments:
        assert name in ids, f"tell this test whose row {name} of {one.path} is"
        path = path.replace(f"<int:{name}>", str(ids[name])).replace(f"<{name}>", str(ids[name]))
    return path


def asked(program: Program, one: Operation, ids: Ids) -> TestResponse:
    """The operation with its own example; an edit takes whatever state there is."""
    more: dict[str, Any] = (
        {"data": b"Email\nlena@example.org\n", "content_type": one.file[0]} if one.file else {}
    )
    assert one.body is None or one.example is not None, f"{one.name} declares no example"
    body = dict(one.example) if one.example is not None else None
    return program.send(one.method, path_of(one, ids), body, {"If-Match": "*"}, **more)


def answers(program: Program, ids: Ids, *, owned_only: bool = False) -> Iterator[tuple[str, int]]:
    for one in OPERATIONS:
        if one.arguments or not owned_only:
            yield one.name, asked(program, one, ids).status_code


@pytest.fixture
def rows(ids: Ids) -> Ids:
    """The rows of the pages' own test, and what only programs name."""
    return {**ids, "address_id": 1, "unknown_id": 1, "place": 1}


def test_each_has_a_name_of_its_own() -> None:
    names = [one.name for one in OPERATIONS]
    assert sorted(names) == sorted(set(names))


def test_it_lets_nobody_in_without_a_token(app: Flask, rows: Ids) -> None:
    let_in = [found for found in answers(Program(app.test_client(), ""), rows) if found[1] != 401]
    assert let_in == []


def test_it_hides_the_rows_of_another_team(program: Callable[..., Program], cast: Cast, rows: Ids) -> None:
    shown = [
        (name, status)
        for name, status in answers(program(cast.dirk, Scope.ADMIN), rows, owned_only=True)
        if status != 404 and not (status == 403 and name in FOR_ADMINISTRATORS)
    ]
    assert shown == []


def test_it_answers_its_owner_as_documented(program: Callable[..., Program], cast: Cast, rows: Ids) -> None:
    ana = program(cast.ana, Scope.ADMIN)
    found = [(one, asked(ana, one, rows)) for one in OPERATIONS]
    wrong = [
        (one.name, answer.status_code, answer.text[:200])
        for one, answer in found
        if answer.status_code not in {one.status, *one.refusals}
    ]
    assert wrong == []
    refused = {one.name for one, answer in found if answer.status_code == 403}
    assert sorted(refused) == sorted(FOR_ADMINISTRATORS)


def test_it_answers_an_administrator_as_documented(
    program: Callable[..., Program], cast: Cast, rows: Ids
) -> None:
    cleo = program(cast.cleo)
    found = [(one, asked(cleo, one, rows)) for one in OPERATIONS]
    wrong = [
        (one.name, answer.status_code, answer.text[:200])
        for one, answer in found
        if answer.status_code not in {one.status, *one.refusals}
    ]
    assert wrong == []


def test_a_token_that_reads_writes_nothing(program: Callable[..., Program], cast: Cast, rows: Ids) -> None:
    reader = program(cast.cleo, Scope.READ)
    written = [one.name for one in OPERATIONS if one.writes and asked(reader, one, rows).status_code != 403]
    assert written == []
