"""Every table of the product in one place, for migrations and for tests that make an empty database."""

from sales_campaigns.absence import models as absence
from sales_campaigns.accounts import archives
from sales_campaigns.accounts import models as accounts
from sales_campaigns.accounts.channels import models as channels
from sales_campaigns.activity import Activity
from sales_campaigns.api_access import models as api_access
from sales_campaigns.calendars import models as calendars
from sales_campaigns.campaigns import models as campaigns
from sales_campaigns.checkups import models as checkups
from sales_campaigns.content import models as content
from sales_campaigns.crm import models as crm
from sales_campaigns.database import Base
from sales_campaigns.deliveries import models as deliveries
from sales_campaigns.deliveries import runs
from sales_campaigns.deliveries.alarms import models as alarms
from sales_campaigns.deliveries.continuous import models as continuous
from sales_campaigns.deliveries.proofing import models as proofing
from sales_campaigns.deliveries.retention import models as retention
from sales_campaigns.deliveries.typology import models as typology
from sales_campaigns.deliveries.variants import models as variants
from sales_campaigns.enrollments import models as enrollments
from sales_campaigns.messages import models as messages
from sales_campaigns.messages.feedback import models as feedback
from sales_campaigns.messages.inboxes import models as inboxes
from sales_campaigns.messages.incoming import models as incoming
from sales_campaigns.messages.mailbox_drafts import models as mailbox_drafts
from sales_campaigns.notices import models as notices
from sales_campaigns.people import models as people
from sales_campaigns.presence import Presence
from sales_campaigns.rehearsals import models as rehearsals
from sales_campaigns.saved_views import models as saved_views
from sales_campaigns.tasks import models as tasks
from sales_campaigns.tracking import models as tracking
from sales_campaigns.webhooks import models as webhooks

TOPICS = (
    absence,
    accounts,
    alarms,
    api_access,
    archives,
    calendars,
    campaigns,
    channels,
    checkups,
    content,
    continuous,
    crm,
    deliveries,
    enrollments,
    feedback,
    inboxes,
    incoming,
    mailbox_drafts,
    messages,
    notices,
    people,
    proofing,
    rehearsals,
    retention,
    runs,
    saved_views,
    tasks,
    tracking,
    typology,
    variants,
    webhooks,
)
METADATA = Base.metadata
__all__ = ["METADATA", "TOPICS", "Activity", "Presence"]
