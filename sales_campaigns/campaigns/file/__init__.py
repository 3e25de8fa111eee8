"""The campaign file: a campaign as text that people keep in version control, read and written."""

from sales_campaigns.campaigns.file.parsed import (
    CampaignFile,
    Colleagues,
    FileSettings,
    FileStep,
    Late,
    Lateness,
    OnReply,
    OutOfOffice,
    Priority,
    Quote,
    Tracking,
    ZoneOf,
    outline,
)
from sales_campaigns.campaigns.file.reading import read_campaign
from sales_campaigns.campaigns.file.writing import write_campaign

__all__ = [
    "CampaignFile",
    "Colleagues",
    "FileSettings",
    "FileStep",
    "Late",
    "Lateness",
    "OnReply",
    "OutOfOffice",
    "Priority",
    "Quote",
    "Tracking",
    "ZoneOf",
    "outline",
    "read_campaign",
    "write_campaign",
]
