"""The new words of an answer, without what they quote below or above, and whether they ask to be left alone. Pure."""

from __future__ import annotations

import re

# How mail programs introduce what they quote; a line that begins so, and all below it, is somebody else's words.
_INTRODUCTIONS = re.compile(
    r"^\s*(?:"
    r"-{2,}\s*(?:original message|urspr(?:ü|ue)ngliche nachricht|message d['’]origine|mensaje original"
    r"|messaggio originale|oorspronkelijk bericht|ursprungligt meddelande|opprinnelig melding|mensagem original"
    r"|forwarded message|oprindelig meddelelse|alkuper[äa]inen viesti|wiadomo[śs][ćc] oryginalna)\s*-{0,}"
    r"|_{8,}\s*$"
    r"|(?:on|am|le|el|il(?: giorno)?|op|den|p[åa]|em|dnia|w dniu)\b.{4,200}"
    r"(?:wrote|schrieb|a [ée]crit|escribi[óo]|ha scritto|schreef|skrev|escreveu|napisa[łl](?:\(a\)|a)?|kirjoitti)"
    r"[^\n]{0,120}:?\s*$"
    r"|.{4,200}<[^<>\s@]+@[^<>\s@]+>[^\n]{0,60}:\s*$"
    r"|.{4,200}(?:kirjoitti|skrev f[öo]ljande)[^\n]{0,80}:\s*$"
    r"|(?:from|von|de|da|van|fr[åa]n|fra|od|l[äa]hett[äa]j[äa])\s*:\s.{1,200}\n\s*(?:sent|gesendet|envoy[ée]|enviado"
    r"|inviato|verzonden|skickat|sendt|wys[łl]ano|date|datum|l[äa]hetetty|to|an)\s*:"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_FOLDED = re.compile(r"^(\s*(?:On|Am|Le|El|Il|Op|Den)\b[^\n]{10,100})\n([^\n]{0,100}:\s*)$", re.MULTILINE)
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_UNSUBSCRIBE = re.compile(
    r"\W*(?:please\s+)?(?:unsubscribe(?: me)?|opt[- ]?out|remove me(?: from (?:this|your|the) (?:mailing )?list)?|stop"
    r"|abmelden|austragen|d[ée]sinscri(?:re|ption)|d[ée]sabonner|cancelar suscripci[óo]n|darme de baja"
    r"|disiscri(?:vimi|zione)|uitschrijven|afmelden|avregistrera(?: mig)?|avsluta prenumeration)"
    r"(?:\s+(?:please|bitte|tack|merci))?\W*",
    re.IGNORECASE,
)


def new_words(text: str) -> str:
    """What was written this time. When nothing is left, everything is given: better too much than nothing."""
    whole = _FOLDED.sub(r"\1 \2", text.replace("\r\n", "\n"))
    found = _INTRODUCTIONS.search(whole)
    head = whole[: found.start()] if found and whole[: found.start()].strip() else whole
    kept = [line for line in head.split("\n") if not line.lstrip().startswith(">")]
    own = _SIGNATURE.split("\n".join(kept), maxsplit=1)[0].strip()
    return re.sub(r"\n{3,}", "\n\n", own) or text.strip()


def asks_to_stop(subject: str, words: str) -> bool:
    """The rule: a mail whose subject, or whose whole text, is “unsubscribe”: what List-Unsubscribe sends."""
    return subject.strip().lower() == "unsubscribe" or _UNSUBSCRIBE.fullmatch(words.strip()[:200]) is not None
