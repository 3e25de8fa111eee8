"""The post room of an installation, as its settings say."""

from __future__ import annotations

from sales_campaigns.accounts.authorising.access import Access
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import Clock
from sales_campaigns.database import Sessions
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.letters.marking import outward_of
from sales_campaigns.messages.letters.postmarks import postmark_of
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.presence import process_name
from sales_campaigns.settings import Settings


def open_post_room(
    settings: Settings, outside: OutsideWorld, sessions: Sessions, reads: Sessions, clock: Clock
) -> PostRoom:
    """For this process, under its own name."""
    seal = Seal(settings.secret_key, settings.secret_key_old)
    return PostRoom(
        sessions,
        reads,
        clock,
        outside.mail,
        seal,
        process_name(),
        lease_seconds=settings.lease_seconds,
        journals=settings.data_dir / "journals",
        bulk_allowed=settings.bulk_allowed,
        readers=outside.readers,
        knocks=outside.knocks,
        outward=outward_of(settings),
        postmark=postmark_of(settings),
        access=Access(sessions, clock, seal, outside.consents, outside.delegations),
        drafts=outside.drafts,
        crms=outside.crms,
        hooks=outside.hooks,
    )
