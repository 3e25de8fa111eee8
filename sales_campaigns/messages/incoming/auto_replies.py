"""Whether a mail was written by a machine on behalf of somebody who is away. Pure.

The rule: auto-replies (RFC 3834 `Auto-Submitted`, out-of-office headers and subjects) are no replies.
"""

from __future__ import annotations

import re

from sales_campaigns.messages.incoming.facts import Facts

# Headers whose presence says it, and headers of which certain values do.
PRESENT = (
    "x-autoreply",
    "x-autorespond",
    "x-auto-reply",
    "x-vacation",
    "x-mail-autoreply",
    "x-autoreply-from",
)
VALUED = {
    "precedence": re.compile(r"bulk|junk|auto[_-]?reply", re.IGNORECASE),
    "preference": re.compile(r"auto[_-]?reply", re.IGNORECASE),
    "x-precedence": re.compile(r"bulk|junk|auto[_-]?reply", re.IGNORECASE),
    "x-post-messageclass": re.compile(r"9;.*autoresponder", re.IGNORECASE),
    "x-ms-exchange-generated-message-source": re.compile(r"mailbox rules agent|oof", re.IGNORECASE),
    "x-fc-machinegenerated": re.compile(r"true", re.IGNORECASE),
    "delivered-to": re.compile(r"autoresponder", re.IGNORECASE),
}
# How programs begin the subject of such a mail, in the languages they speak.
SUBJECTS = {
    "en": ("automatic reply", "auto[- ]?reply", "auto[- ]?response", "autoresponse", "automatic response",
           "out[- ]of[- ](?:the[- ])?office", "ooo", "away from (?:my|the) (?:mail|office|desk)", "on vacation",
           "vacation (?:reply|response|message)", "i am away", "i'm away"),
    "de": ("automatische antwort", "abwesenheitsnotiz", "abwesenheits(?:meldung|nachricht|assistent|info)",
           "automatische abwesenheits\\w+", "nicht im b(?:ü|ue)ro", "au(?:ß|ss)er haus", "abwesend", "abwesenheit"),
    "fr": ("r[ée]ponse automatique", "absence du bureau", "absent du bureau", "message d['’ ]absence",
           "notification d['’ ]absence", "absen(?:t|te|ce)"),
    "es": ("respuesta autom[áa]tica", "fuera de (?:la )?oficina", "ausencia de la oficina", "ausente"),
    "it": ("risposta automatica", "fuori (?:sede|ufficio)", "assenza dall['’ ]?ufficio", "messaggio di assenza",
           "assente"),
    "nl": ("automatisch antwoord", "afwezigheids\\w+", "afwezig", "niet aanwezig", "buiten kantoor"),
    "sv": ("autosvar", "automatiskt? svar", "fr[åa]nvaro(?:meddelande)?", "fr[åa]nvarande", "ej på kontoret"),
    "nb": ("automatisk svar", "frav[æa]rs?(?:assistent|melding|beskjed)?", "ikke til stede", "ute av kontoret"),
    "da": ("automatisk svar", "ikke til stede", "frav[æa]rsbesked", "autosvar", "ikke p[åa] kontoret"),
    "fi": ("automaattinen vastaus", "poissaolo(?:ilmoitus|viesti)?", "poissa toimistosta", "poissa", "lomalla"),
    "pt": ("resposta autom[áa]tica", "aus[êe]ncia (?:tempor[áa]ria|do escrit[óo]rio)", "fora do escrit[óo]rio",
           "ausente", "aus[êe]ncia"),
    "pl": ("odpowied[źz] automatyczna", "automatyczna odpowied[źz]", "poza biurem", "nieobecno[śs][ćc]",
           "jestem nieobecn[ya]"),
}  # fmt: skip
_SUBJECT = re.compile(
    rf"\s*(?:\[?auto\]?\s*:\s*)?(?:{'|'.join(one for known in SUBJECTS.values() for one in known)})"
    r"(?=\s*(?:[:：\-–—(!.,/]|$|re\b|aw\b|sv\b|until\b|till?\b|bis\b|from\b|vom\b|jusqu|hasta\b|fino\b|tot\b|do\b"
    r"|dal?\b|du\b|al?\b|från\b|fra\b|fram\b|frem\b|van\b|til\b|od\b|\d))",
    re.IGNORECASE,
)

# “I am on holiday until”: programs without headers of their own say so at once, in subject or text.
AWAY = {
    "en": r"i(?:['’]m| am) (?:away )?on (?:vacation|holidays?|(?:annual )?leave) (?:until|till?|through|to)",
    "de": r"ich bin im urlaub bis",
    "fr": r"je suis en (?:vacances|congés?) jusqu['’](?:au|à)",
    "es": r"estoy de vacaciones hasta",
    "it": r"sono in (?:ferie|vacanza) fino al?",
    "nl": r"ik ben (?:met|op) vakantie (?:t/m|tot)",
    "sv": r"jag (?:är på|har) semester (?:t\.?\s?o\.?\s?m\b\.?|till|fram till)",
}
_AWAY = re.compile(
    rf"\s*(?:(?:hi|hello|hallo|guten tag|bonjour|hola|ciao|salve|hej|beste)\b[^\n]{{0,40}}\n\s*)?"
    rf"(?:{'|'.join(AWAY.values())})(?!\w)",
    re.IGNORECASE,
)


def is_auto_reply(facts: Facts) -> bool:
    """A subject counts only where it begins so: “Re: Out of office cover” was written by a person.

    So does a text that begins with until when somebody is away; who writes something else first is a person.
    """
    submitted = facts.headers.get("auto-submitted", "").partition(";")[0].strip().lower()
    if submitted:
        return submitted != "no"
    if any(name in facts.headers for name in PRESENT):
        return True
    if any(pattern.search(facts.headers.get(name, "")) for name, pattern in VALUED.items()):
        return True
    if _SUBJECT.match(facts.subject):
        return True
    return any(_AWAY.match(words) for words in (facts.subject, facts.text))


def is_from_a_list(facts: Facts) -> bool:
    """A newsletter or a list, which nobody wrote to one of us."""
    listed = {"list-id", "list-unsubscribe", "list-post"} & facts.headers.keys()
    return bool(listed) or facts.headers.get("precedence", "").lower() == "list"
