"""Asking Entra for tokens with msal, each time over a cache and connections of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msal

from integrations.calls import answered
from integrations.outlook.refusals import refusal_of
from integrations.outlook.settings import Settings
from integrations.outlook.talking import Talking
from sales_campaigns.errors import Outside, OutsideKind

NOT_OURS = "Microsoft answered somebody else's question. Nothing was connected."
Ask = Callable[[msal.ConfidentialClientApplication], dict[str, Any]]


def hurried(settings: Settings) -> Settings:
    """Whoever asks for a token holds the lock of a row meanwhile."""
    return replace(settings, manners=replace(settings.manners, connect_seconds=4, answer_seconds=8))


def authority_of(settings: Settings) -> str:
    return f"{settings.authority_url}/{settings.tenant}"


def asked_of(settings: Settings, ask: Ask) -> dict[str, Any]:
    """What Microsoft gives, with `clock`: that ours is off. Raises Outside."""
    talking = Talking(settings.manners)
    try:
        given = answered(lambda: ask(_application(settings, talking)))
    except (ValueError, msal.exceptions.MsalError) as error:
        raise refusal_of({}, talking.last) from error
    except RuntimeError as error:  # what msal calls an identity token that answers another question
        raise Outside(OutsideKind.AUTHORISATION, NOT_OURS) from error
    finally:
        talking.close()
    if "access_token" not in given:
        raise refusal_of(given, talking.last)
    return given | {"clock": talking.last.clock_words if talking.last else ""}


def _application(settings: Settings, talking: Talking) -> Any:
    """`instance_discovery`: whom to ask is a setting, so nobody else is asked whether it is Microsoft."""
    return msal.ConfidentialClientApplication(
        settings.client_id,
        client_credential=settings.client_secret,
        authority=authority_of(settings),
        instance_discovery=False,
        http_client=talking,
    )
