"""What the demo company is made of: names, companies, zones, and three campaigns as campaign files."""

FIRST_NAMES = (
    "Maria", "Jonas", "Aiko", "Peter", "Elena", "Sam", "Zoë", "Håkan", "Fatima", "Tomáš", "Priya", "Björn",
    "Chloé", "Olumide", "Inés", "Kenji", "Søren", "Nadia", "Łukasz", "Grace", "Mateo", "Ingrid", "Yusuf",
)  # fmt: skip
LAST_NAMES = (
    "Santos", "Berg", "Tanaka", "Okafor", "Rossi", "Whitfield", "van den Berg", "Lindqvist", "Haddad", "Novák",
    "Sharma", "Andersson", "Moreau", "Adeyemi", "Ibáñez", "Nakamura", "Østergård", "Petrova", "Kowalski",
)  # fmt: skip
COMPANIES = (
    ("Fjord Energy", "fjord-energy.example"),
    ("Kumo Systems", "kumo.example"),
    ("Harbor Mutual", "harbor-mutual.example"),
    ("Lagos Freight", "lagos-freight.example"),
    ("Trattoria Da Gino", "dagino.example"),
    ("Østergård Foods", "ostergaard.example"),
    ("Alpine Optics", "alpine-optics.example"),
)
ZONES = (
    "Europe/Stockholm", "Europe/Stockholm", "Europe/London", "America/New_York", "Asia/Tokyo", "Africa/Lagos",
    "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland", "Europe/Oslo", "",
)  # fmt: skip
TITLES = ("CFO", "Head of Operations", "CFO", "VP Sales", "Head of IT", "Procurement Manager")

REPLIES = (
    "Thanks, that is of interest. Could you call me on Thursday after ten? We ship twice a week.",
    "Not now, we decide on freight in January. Please write again then.",
    "I am not the right person any more, my colleague in procurement looks after this.",
    "Yes, send me the two lines that matter. What would change for the smaller parcels?",
    "No, thank you. We are happy with what we have.",
)

PRICE_LIST = """
format: sales-campaign/1
name: Autumn price list
category: Outbound
settings:
  skip_weekends: true
  send_window: {from: "08:00", to: "18:00"}
steps:
  - day: 1
    type: email
    send: choose
    subject: "Our autumn prices, {{ first_name | default: 'in short' }}"
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>our prices for the autumn are out. For {{ company | default: 'your company' }} the freight terms changed most. Shall I send you the two lines that matter?</p>"
  - day: 3
    type: email
    send: same_as_previous
    follow_up: true
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>did the prices reach the right person?</p>"
  - day: 3
    type: call
    name: Call about the prices
    details: "Ask who decides on freight. Offer the comparison with last year."
  - day: 5
    type: inmail
    name: Connect on LinkedIn
    details: "Hello {{ first_name }}, I wrote to you about our autumn prices. Happy to connect."
  - day: 6
    type: email
    send: at
    at: "09:00"
    subject: "Last days of the autumn prices"
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>the autumn prices end with the month. One reply is enough and I hold them for {{ company | default: 'you' }}.</p>"
"""

FAIR = """
format: sales-campaign/1
name: Meet at the fair
category: Events
settings:
  skip_weekends: true
  timezone: recipient
  send_window: {from: "08:00", to: "18:00"}
steps:
  - day: 1
    type: email
    send: at
    at: "10:15"
    subject: "Are you at the fair, {{ first_name | default: 'by chance' }}?"
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>we have a quiet table in hall 4. Coffee on Tuesday or Wednesday?</p>"
  - day: 2
    type: email
    send: task
    subject: "A table for {{ company | default: 'you' }}"
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>I would like to show you one thing only. Ten minutes.</p>"
  - day: 4
    type: custom
    name: Put the person on the guest list
    details: "Name badge, hall 4."
  - day: 4
    type: email
    send: same_as_previous
    subject: "See you in hall 4"
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>your badge is at the entrance. See you there.</p>"
"""

RENEWALS = """
format: sales-campaign/1
name: Renewals
category: Customers
settings:
  skip_weekends: false
  send_window: {from: "08:00", to: "18:00"}
steps:
  - day: 1
    type: call
    name: Call about the renewal
    details: "What went well this year? What should change?"
    priority: high
  - day: 1
    type: email
    send: at
    at: "14:00"
    if_past: now
    subject: "Your renewal, {{ company | default: 'in short' }}"
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>as discussed, here is what changes with the renewal.</p>"
  - day: 4
    type: email
    send: same_as_previous
    follow_up: true
    html: "<p>Hello {{ first_name | default: 'there' }},</p><p>any question I can answer?</p>"
"""

CAMPAIGNS = (PRICE_LIST, FAIR, RENEWALS)
# Each with its name.
SNIPPETS = (
    (
        "Book a time",
        "<p>Would 20 minutes next week suit you? Tell me which day is best, or call me at {{ my_phone | default: 'our office' }}.</p>",
    ),
    (
        "Who else we work with",
        "<p>We plan the freight of three companies of your size; two of them came from a spreadsheet, as you do.</p>",
    ),
    (
        "Too expensive",
        "<p>I understand. Most of our customers compared the price with the hours that planning takes them today: may I send you that sheet?</p>",
    ),
)
