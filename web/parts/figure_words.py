"""What preparing and sending a delivery is, and what each of its figures counts: the glossary's words for pages."""

from __future__ import annotations

ACTS = (
    ("Prepare", "Counts who gets it, and who is left out and why. Sends nothing."),
    (
        "Confirm",
        "Lets a prepared delivery leave, at once or at its date. Needs the right “start deliveries”.",
    ),
    (
        "Send",
        "Each mail is looked at once more before it leaves: who unsubscribed meanwhile does not get it.",
    ),
)
FIGURES = (
    ("Targeted", "Everybody of the audience as prepared: to deliver and excluded together."),
    ("To deliver", "Those who are to get the mail."),
    ("Excluded", "Left out before it began, each with its cause."),
    ("Sent", "Handed over to a mail server."),
    ("Delivered", "Sent, and as far as is known arrived: of what was handed over, and of the targeted."),
    ("Opens", "Distinct recipients of the delivered who looked; machines stand beside it, not counted."),
    ("Clicks", "Distinct recipients of the delivered who followed a link; who clicks has opened."),
    ("Replies", "Distinct recipients who wrote back themselves; automatic answers do not count."),
    ("Unsubscribed", "Distinct recipients who asked for no more mail by this one."),
    ("Bounces + errors", "Refused by a server, or come back after it was taken."),
    ("Cancelled", "Taken back before it left: stopped, out of validity, a field missing. Not a failure."),
)
