"""Starter campaigns: what a team may begin with, as campaign files whose words are meant to be changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.file import read_campaign
from sales_campaigns.campaigns.filing import campaign_from
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Starter:
    """`source` is a campaign file; its name and category give way to what the rep types."""

    name: str
    about: str
    source: str


def start_from(uow: UnitOfWork, actor: User, key: str, name: str, category: str = "") -> Campaign:
    """A new draft with the starter's steps. Raises KeyError for an unknown one, Invalid for `name`."""
    file = read_campaign(STARTERS[key].source)
    return campaign_from(uow, actor, replace(file, name=name, category=category or file.category))


FIRST_CONTACT = """
format: sales-campaign/1
name: First contact
category: Outbound
settings:
  skip_weekends: true
  send_window: {from: "08:00", to: "18:00"}
steps:
  - day: 1
    type: email
    send: choose
    subject: "A question about {{ company | default: 'your team' }}"
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>one sentence on why you write, one on what it is good for.</p><p>Is it worth ten minutes?</p>"
  - day: 3
    type: email
    send: same_as_previous
    follow_up: true
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>did this reach the right person?</p>"
  - day: 4
    type: call
    name: First call
    details: "Refer to the mail. Ask who decides, and what would have to be true for it to be of use."
  - day: 8
    type: inmail
    name: Connect on LinkedIn
    details: "Hello {{ first_name | default: 'there' }}, I wrote to you about one question. Happy to connect."
  - day: 12
    type: email
    send: same_as_previous
    subject: "The last mail about {{ company | default: 'this' }}"
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>I will not write again about this. One word is enough if I should.</p>"
"""

WARM_LEAD = """
format: sales-campaign/1
name: Answer to a request
category: Inbound
settings:
  skip_weekends: true
  send_window: {from: "08:00", to: "18:00"}
steps:
  - day: 1
    type: call
    name: Call at once
    priority: high
    details: "They asked for something. What, until when, and who else has a say?"
  - day: 1
    type: email
    send: task
    subject: "Your request, {{ first_name | default: 'in short' }}"
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>as we said on the phone:</p>"
  - day: 3
    type: email
    send: at
    at: "09:30"
    subject: "What else would help you decide?"
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>is there anything open that I can answer?</p>"
  - day: 7
    type: call
    name: Ask how it stands
"""

AFTER_EVENT = """
format: sales-campaign/1
name: After an event
category: Events
settings:
  skip_weekends: true
  timezone: recipient
  send_window: {from: "08:00", to: "18:00"}
steps:
  - day: 1
    type: email
    send: choose
    subject: "Good to meet you, {{ first_name | default: 'and thank you' }}"
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>here is what we talked about.</p>"
  - day: 4
    type: email
    send: same_as_previous
    follow_up: true
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>shall we take the next step this week or next?</p>"
  - day: 6
    type: inmail
    name: Connect on LinkedIn
    details: "Good to meet you, {{ first_name | default: 'and thank you' }}."
  - day: 9
    type: call
    name: Call about the next step
"""

STARTERS = {
    "first_contact": Starter(
        "First contact",
        "Two mails in one thread, a third, a call and LinkedIn, over twelve days.",
        FIRST_CONTACT,
    ),
    "warm_lead": Starter(
        "Answer to a request", "A call at once, a mail in your own words, then a mail and a call.", WARM_LEAD
    ),
    "after_event": Starter(
        "After an event", "Two mails, LinkedIn and a call, in the recipients' time.", AFTER_EVENT
    ),
}
