"""What the domain asks of the outside: plain records and protocols. Adapters import only this, errors and settings."""

from sales_campaigns.ports.caught import CaughtMail, CaughtMails, CaughtThread
from sales_campaigns.ports.consents import Consent, Delegation, Granted, Tokens
from sales_campaigns.ports.drafts import (
    Draft,
    Drafted,
    DraftFolders,
    Drafts,
    DraftState,
    DraftVersions,
    Found,
    OpenLink,
    Place,
)
from sales_campaigns.ports.knocks import Heard, Knock, Knocks
from sales_campaigns.ports.mail import (
    Capabilities,
    Changes,
    HandOver,
    IncomingMail,
    MailAccount,
    MailProvider,
    MailProviders,
    MailReader,
    MailReaders,
    OutgoingMail,
    ThreadPlace,
)
from sales_campaigns.ports.names import NameServers
from sales_campaigns.ports.rehearsal import Act, Deed, Look, Sandbox, SandboxMaker, Script, Taken
from sales_campaigns.ports.world import OutsideWorld

__all__ = [
    "Act",
    "Capabilities",
    "CaughtMail",
    "CaughtMails",
    "CaughtThread",
    "Changes",
    "Consent",
    "Deed",
    "Delegation",
    "Draft",
    "DraftFolders",
    "DraftState",
    "DraftVersions",
    "Drafted",
    "Drafts",
    "Found",
    "Granted",
    "HandOver",
    "Heard",
    "IncomingMail",
    "Knock",
    "Knocks",
    "Look",
    "MailAccount",
    "MailProvider",
    "MailProviders",
    "MailReader",
    "MailReaders",
    "NameServers",
    "OpenLink",
    "OutgoingMail",
    "OutsideWorld",
    "Place",
    "Sandbox",
    "SandboxMaker",
    "Script",
    "Taken",
    "ThreadPlace",
    "Tokens",
]
