"""A campaign file named on the command line."""

from __future__ import annotations

from pathlib import Path

import click

from sales_campaigns.campaigns.file import CampaignFile, read_campaign
from sales_campaigns.errors import Invalid

A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def campaign_in(file: Path) -> CampaignFile:
    """Raises Invalid with every problem at once, each with line and column."""
    return read_campaign(text_of(file))


def text_of(file: Path) -> str:
    """Raises Invalid for what is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(f"{file.name} is not text in UTF-8.") from None
