"""The raw mails in tests/data/mails, written by us as programs and people write them, and what each of them is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sales_campaigns.messages.incoming.facts import Facts, facts_of, parsed
from sales_campaigns.messages.incoming.reports import Report, reports_of

FOLDER = Path(__file__).parent / "data" / "mails"
OURS = "<m.41.1.20261130080000@north.example>"
MONDAY = date(2026, 11, 30)
# What the mail is when it comes from somebody we wrote to; "" is not kept.
KINDS = {
    "auto_en_outlook": "auto_reply",
    "auto_en_gmail": "auto_reply",
    "auto_en_vacation_program": "auto_reply",
    "auto_en_sieve": "auto_reply",
    "auto_en_no_header": "auto_reply",
    "auto_en_no_thread": "auto_reply",
    "auto_en_us_slashes": "auto_reply",
    "auto_en_parental": "auto_reply",
    "auto_en_weekday": "auto_reply",
    "auto_en_left_company": "auto_reply",
    "auto_en_zimbra": "auto_reply",
    "auto_en_ambiguous_date": "auto_reply",
    "auto_en_past_date": "auto_reply",
    "auto_de_outlook": "auto_reply",
    "auto_de_abwesenheitsnotiz": "auto_reply",
    "auto_de_gmx": "auto_reply",
    "auto_de_no_header": "auto_reply",
    "auto_de_notes": "auto_reply",
    "auto_fr_outlook": "auto_reply",
    "auto_fr_absence": "auto_reply",
    "auto_fr_gmail": "auto_reply",
    "auto_es_outlook": "auto_reply",
    "auto_es_fuera": "auto_reply",
    "auto_it_outlook": "auto_reply",
    "auto_it_fuori_sede": "auto_reply",
    "auto_nl_outlook": "auto_reply",
    "auto_nl_afwezig": "auto_reply",
    "auto_sv_outlook": "auto_reply",
    "auto_sv_franvaro": "auto_reply",
    "auto_sv_tillbaka": "auto_reply",
    "auto_nb_outlook": "auto_reply",
    "auto_nb_fravaer": "auto_reply",
    "auto_da_outlook": "auto_reply",
    "auto_da_ikke_til_stede": "auto_reply",
    "auto_fi_outlook": "auto_reply",
    "auto_fi_poissa": "auto_reply",
    "auto_pt_outlook": "auto_reply",
    "auto_pt_ausencia": "auto_reply",
    "auto_pl_outlook": "auto_reply",
    "auto_pl_poza_biurem": "auto_reply",
    "auto_header_x_autorespond": "auto_reply",
    "auto_ticket_system": "auto_reply",
    "reply_en_plain": "reply",
    "reply_out_of_office_in_subject": "reply",
    "reply_aw_abwesenheit": "reply",
    "reply_sv_autosvar": "reply",
    "reply_auto_submitted_no": "reply",
    "reply_outlook_html": "reply",
    "reply_from_assistant": "reply",
    "reply_via_list": "reply",
    "reply_mentions_vacation": "reply",
    "reply_iphone": "reply",
    "reply_latin1_name": "reply",
    "reply_vacation_question": "reply",
    "wrote_new_thread": "wrote",
    "unsubscribe_link": "unsubscribe",
    "unsubscribe_word": "unsubscribe",
    "unsubscribe_german": "unsubscribe",
    "ignored_newsletter": "",
    "ignored_stranger": "",
    "dsn_postfix_unknown": "bounce",
    "dsn_postfix_host_not_found": "bounce",
    "dsn_postfix_delayed": "delay",
    "dsn_postfix_expired": "bounce",
    "dsn_postfix_delivered": "receipt",
    "dsn_exchange_not_found": "bounce",
    "dsn_exchange_full_german": "bounce",
    "dsn_exchange_blocked": "bounce",
    "dsn_sendmail": "bounce",
    "dsn_exim_original_recipient": "bounce",
    "dsn_gmail_nested": "bounce",
    "dsn_two_recipients": "bounce",
    "dsn_qmail": "bounce",
    "dsn_no_original": "bounce",
    "arf_abuse": "complaint",
    "arf_fraud": "complaint",
    "arf_not_spam": "",
    "meeting_accepted": "meeting",
    "meeting_declined": "wrote",
}
# The day of return that an automatic reply names; the others name none that can be read.
BACK_ON = {
    "auto_en_outlook": date(2026, 12, 7),
    "auto_en_gmail": date(2026, 12, 9),
    "auto_en_vacation_program": date(2026, 12, 5),
    "auto_en_sieve": date(2026, 12, 14),
    "auto_en_no_thread": date(2026, 12, 1),
    "auto_en_us_slashes": date(2026, 12, 7),
    "auto_en_parental": date(2027, 1, 11),
    "auto_en_weekday": date(2026, 12, 3),
    "auto_en_zimbra": date(2026, 12, 8),
    "auto_de_outlook": date(2026, 12, 5),
    "auto_de_abwesenheitsnotiz": date(2026, 12, 7),
    "auto_de_gmx": date(2026, 12, 7),
    "auto_de_notes": date(2026, 12, 9),
    "auto_fr_outlook": date(2026, 12, 7),
    "auto_fr_absence": date(2026, 12, 5),
    "auto_fr_gmail": date(2026, 12, 10),
    "auto_es_outlook": date(2026, 12, 7),
    "auto_es_fuera": date(2026, 12, 9),
    "auto_it_outlook": date(2026, 12, 7),
    "auto_nl_outlook": date(2026, 12, 7),
    "auto_nl_afwezig": date(2026, 12, 8),
    "auto_sv_outlook": date(2026, 12, 7),
    "auto_sv_franvaro": date(2026, 12, 5),
    "auto_sv_tillbaka": date(2026, 12, 7),
}
# Code, enhanced code, and whether the address is bad for good.
BOUNCES = {
    "dsn_postfix_unknown": (550, "5.1.1", True),
    "dsn_postfix_host_not_found": (None, "5.4.4", False),
    "dsn_postfix_expired": (None, "4.4.1", False),
    "dsn_exchange_not_found": (550, "5.1.10", True),
    "dsn_exchange_full_german": (554, "5.2.2", False),
    "dsn_exchange_blocked": (550, "5.7.1", False),
    "dsn_sendmail": (550, "5.1.1", True),
    "dsn_exim_original_recipient": (550, "5.0.0", True),
    "dsn_gmail_nested": (550, "5.1.1", True),
    "dsn_two_recipients": (550, "5.1.1", True),
    "dsn_qmail": (550, "5.1.1", True),
    "dsn_no_original": (None, "5.1.1", True),
}


def raw(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def facts(name: str) -> Facts:
    return facts_of(parsed(raw(name)))


def reports(name: str) -> tuple[Report, ...]:
    return reports_of(parsed(raw(name)))
