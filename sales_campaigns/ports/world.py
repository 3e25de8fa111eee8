"""Every adapter together, as the composition root hands them on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sales_campaigns.ports.caught import CaughtMails
from sales_campaigns.ports.consents import Consent, Delegation
from sales_campaigns.ports.crm import Crms
from sales_campaigns.ports.drafts import DraftFolders
from sales_campaigns.ports.knocks import Knocks
from sales_campaigns.ports.mail import MailProviders, MailReaders
from sales_campaigns.ports.names import NameServers
from sales_campaigns.ports.programs import HookCaller, RelayReader


@dataclass(frozen=True, slots=True)
class OutsideWorld:
    """Every adapter the composition root connected, handed to web and scheduler. `caught`: the demo only.

    `consents` and `delegations` hold those providers that the settings name (`gmail`, `outlook`).
    """

    mail: MailProviders
    caught: CaughtMails | None = None
    readers: MailReaders | None = None
    knocks: Knocks | None = None
    names: NameServers | None = None
    drafts: DraftFolders | None = None
    crms: Crms | None = None
    hooks: HookCaller | None = None
    relays: Mapping[str, RelayReader] = field(default_factory=dict)
    consents: Mapping[str, Consent] = field(default_factory=dict)
    delegations: Mapping[str, Delegation] = field(default_factory=dict)
