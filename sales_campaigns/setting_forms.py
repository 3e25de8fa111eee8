"""Forms that several settings have: what they may look like, and how they are kept."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
# Its local part holds a token of 24 characters and 64 in all (RFC 5321 section 4.5.3.1.1).
_BOUNCES = re.compile(r"(?=[^@]{1,41}@)[A-Za-z0-9._+=-]*\*[A-Za-z0-9._+=-]*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_CLOUD_NAME = re.compile(r"projects/[^/\s]+/(topics|subscriptions)/[^/\s]+")


def _web_address(value: str) -> str:
    if value and urlsplit(value).scheme not in {"http", "https"}:
        raise ValueError("must begin with http:// or https://")
    return value.rstrip("/")


def _database(value: str) -> str:
    if value and urlsplit(value).scheme not in {"postgresql", "postgresql+psycopg", "sqlite"}:
        raise ValueError("must begin with postgresql:// or sqlite:///")
    return value


def _name(value: str) -> str:
    if value and not _NAME.fullmatch(value):
        raise ValueError("must be a name of letters, digits, dots and hyphens")
    return value.lower()


def _with_a_place_for_a_token(value: str) -> str:
    if value and not _BOUNCES.fullmatch(value):
        raise ValueError("must be an address with one * before the @, such as bounces+*@example.com")
    return value.lower()


def _cloud_name(value: str) -> str:
    if value and not _CLOUD_NAME.fullmatch(value):
        raise ValueError("must be the whole name, such as projects/sales/topics/gmail")
    return value


WebAddress = Annotated[str, AfterValidator(_web_address)]  # kept without a slash at the end
DatabaseAddress = Annotated[str, AfterValidator(_database)]
DomainName = Annotated[str, AfterValidator(_name)]
BounceAddress = Annotated[str, AfterValidator(_with_a_place_for_a_token)]
CloudName = Annotated[str, AfterValidator(_cloud_name)]
