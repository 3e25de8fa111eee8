"""A recipient that answers by itself, run by Postfix's pipe for each mail: `reply` writes back, `away` is on leave.

python responder.py reply|away HOST:PORT SENDER RECIPIENT < mail
"""

import smtplib
import sys
from email import message_from_binary_file
from email.message import EmailMessage
from email.policy import default
from email.utils import formatdate, make_msgid


def answer_to(mail: EmailMessage, what: str, recipient: str) -> EmailMessage:
    """As a mail program (RFC 5322 section 3.6.4) or a vacation program (RFC 3834) writes it."""
    answer, named = EmailMessage(), str(mail["Message-ID"])
    answer["From"], answer["To"] = recipient, mail["From"]
    answer["Date"], answer["Message-ID"] = formatdate(), make_msgid(domain="there.example")
    answer["In-Reply-To"] = named
    answer["References"] = f"{mail.get('References', '')} {named}".strip()
    if what == "away":
        answer["Subject"] = f"Automatic reply: {mail['Subject']}"
        answer["Auto-Submitted"] = "auto-replied (vacation)"
        answer.set_content("I am out of the office until 7 December 2026.\n")
    else:
        answer["Subject"] = f"Re: {mail['Subject']}"
        answer.set_content("Sounds good, let us talk – Zoë\n", cte="quoted-printable")
    return answer


def main() -> None:
    what, server, sender, recipient = sys.argv[1:5]
    mail = message_from_binary_file(sys.stdin.buffer, policy=default)
    answer = answer_to(mail, what, recipient)
    host, port = server.split(":")
    with smtplib.SMTP(host, int(port), local_hostname="there.example") as smtp:
        smtp.sendmail("" if what == "away" else recipient, [sender], answer.as_bytes())


main()
