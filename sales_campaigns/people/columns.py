"""What a column of an imported file can mean, and the headings that give it away in several languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

CUSTOM = "custom:"
IGNORED = ""
FULL_NAME = "full_name"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing a column can hold: `field` of a person, `words` for the screen, the longest text it takes."""

    field: str
    words: str
    longest: int
    headings: frozenset[str]


def _meaning(field: str, words: str, longest: int, headings: str) -> Meaning:
    return Meaning(field, words, longest, frozenset(headings.split()) | {field.replace("_", "")})


# Headings are compared without case, accents, spaces and punctuation: “E-Mail-Adresse” is emailadresse.
MEANINGS = (
    _meaning(
        "email",
        "E-mail address",
        320,
        "mail emailaddress mailaddress emailadresse mailadresse epost epostadress epostadresse emailadres"
        " correo correoelectronico courriel adressemail adresseemail indirizzoemail workemail emailwork"
        " primaryemail businessemail sahkoposti adresemail メールアドレス",
    ),
    _meaning(
        "first_name",
        "First name",
        200,
        "first givenname forename vorname fornamn fornavn voornaam prenom nombre nome imie etunimi rufname",
    ),
    _meaning(
        "last_name",
        "Last name",
        200,
        "last surname familyname lastnames nachname familienname efternamn etternavn efternavn achternaam"
        " nomdefamille apellido apellidos cognome nazwisko sukunimi sobrenome",
    ),
    _meaning(
        FULL_NAME,
        "Full name (first and last)",
        400,
        "name contact contactname person personname namn navn naam volledigenaam nombrecompleto nomcomplet",
    ),
    _meaning(
        "company",
        "Company",
        200,
        "companyname organisation organization organisationname organizationname account accountname employer"
        " firma unternehmen foretag bedrijf bedrijfsnaam virksomhet virksomhed societe entreprise empresa azienda"
        " yritys",
    ),
    _meaning(
        "title",
        "Job title",
        200,
        "jobtitle position role jobrole funktion titel befattning roll functie functietitel stilling fonction"
        " poste cargo puesto qualifica stanowisko berufsbezeichnung",
    ),
    _meaning(
        "phone",
        "Phone number",
        60,
        "phonenumber telephone tel mobile mobilephone cell cellphone workphone businessphone telefon telefonnummer"
        " telefoon telefoonnummer mobil mobilnummer handy telefono numerodetelephone puhelin",
    ),
    _meaning(
        "linkedin_url",
        "LinkedIn URL",
        500,
        "linkedin linkedinprofile linkedinprofil linkedinprofileurl personlinkedinurl linkedinlink",
    ),
    _meaning(
        "zone",
        "Time zone",
        64,
        "timezone tz zeitzone tidszon tidszone tijdzone fuseauhoraire zonahoraria fusoorario aikavyohyke",
    ),
)
BY_FIELD = {meaning.field: meaning for meaning in MEANINGS}
_BY_HEADING = {heading: meaning.field for meaning in MEANINGS for heading in meaning.headings}
LONGEST_CUSTOM = 2000


def guess_meanings(header: Sequence[str]) -> list[str]:
    """The meaning of each column: a field, `custom:` + a name for what is not known, or nothing.

    The first column of a meaning wins; a second one is kept as a custom field, so that nothing is lost.
    """
    meanings: list[str] = []
    for heading, own in zip(header, custom_fields(header), strict=True):
        known = _BY_HEADING.get(_plain(heading), "")
        meanings.append(known if known and known not in meanings else own)
    return meanings


def custom_fields(header: Sequence[str]) -> list[str]:
    """What each column is called as a custom field; where a heading stands again, its number tells the two apart."""
    names: list[str] = []
    for heading in header:
        name = own = custom(heading)
        again = 1
        while own and name in names:
            again += 1
            name = f"{own}_{again}"
        names.append(name)
    return names


def custom(heading: str) -> str:
    """`custom:` + the snake_case name under which templates use this column; nothing for an empty heading."""
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFC", heading).strip().lower()).strip("_")
    return f"{CUSTOM}{name[:60]}" if name else IGNORED


def words_of(meaning: str) -> str:
    """How a meaning is called on the screen."""
    if meaning.startswith(CUSTOM):
        return meaning.removeprefix(CUSTOM)
    return BY_FIELD[meaning].words if meaning in BY_FIELD else "left out"


def _plain(heading: str) -> str:
    letters = unicodedata.normalize("NFKD", heading.casefold())
    return "".join(letter for letter in letters if letter.isalnum())
