"""Who sent the invoice: by company numbers, domains, names on a line of their own, and the legal line."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from .issuers import FORMS, ISSUERS, Issuer, bare_name, by_name
from .values import clean, plain

if TYPE_CHECKING:
    from .search import Sheet


@dataclass(frozen=True)
class Sender:
    """The name found, how sure it is (0 to 1), and the company numbers printed on the invoice."""

    name: str = ""
    strength: float = 0.0
    siren: str = ""
    vat_number: str = ""


_SIREN = re.compile(
    r"(?:siren|siret|rcs|r\.c\.s\.?|rsc|registre)\D{0,40}?(\d{3} ?\d{3} ?\d{3})(?: ?\d{5})?(?!\d)"
    r"|(\d{3} \d{3} \d{3}) (?:rcs|r\.c\.s)"
)
_VAT_FR = re.compile(r"\bfr ?-?([0-9a-z]{2}) ?(\d(?: ?\d){8})(?! ?\d)")
_VAT = re.compile(r"\b(?:(?:be|pl|pt|lu|it|es|ie|at|nl|de|fi|dk|se)[ -]?u?\d{8,11}(?:b\d\d)?)\b")
_OF_BUYER = re.compile(
    r"\b(?:uw|votre|your|ihre|client|customer|abonne)\b(?!.{0,3}(?:service"
    r"|espace))[^:]{0,25}:?\W*(?:n\W{0,3})?(?:fr|siren|siret)?\W*$"
)
_HOST = re.compile(r"(?:@|www\.|https?://(?:www\.)?)([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,6})")
_SHARED_HOSTS = re.compile(
    r"(?:^|\.)(?:gmail|googlemail|hotmail|outlook|live|yahoo|icloud|me|protonmail|proton|gmx|via\.ecp"
    r"|laposte|wanadoo|tcpdf|example|economie\.gouv|service-public|bloctel|mediation\S*|cnil)\.[a-z.]+$"
)
_CAPITAL = re.compile(r"\bcapital\b")
_LEGAL_TAIL = re.compile(
    rf"[ ,(-]*\b(?:{FORMS}|societe [a-z ]{{4,50}})?[ ,]*(?:a (?:capital variable"
    rf"|directoire[a-z ]{{0,40}}),?)? ?(?:au|with a|share)? ?$"
)
_SEPARATOR = re.compile(r" {2,}|[.;:|•]+ | [-–] |(?:siege social|edite par|vendu par|emis par) ?:?")
_FORM_AT_END = re.compile(rf"^[a-z0-9&'. -]{{2,60}}[ ,](?:{FORMS})$")
_SAYS = re.compile(
    r"(?<!\S)(?<!\S )(?:sold by|vendeur|vendu par|emetteur|emis par|sprzedawca|seller|from|de la part de"
    r"|prestataire|fournisseur)\s?:\s?(\S.*)|titulaire(?: du compte)? ?: ?(\S.*)"
)
_BUYER = re.compile(
    r"bill(?:ed|ing)? (?:to|address)|ship(?:ping)? (?:to|address)|delivery address|adresse (?:de|du)"
    r"|factur\w+ a\b|livr\w+ a\b|destinataire|"
    r"factuuradres|afleveradres|kaufer|nabywca|invoice to|sold to|guest name|\bclient\b|nom de l'abonne"
)
_NO_NAME = re.compile(
    r"\b(?:factur|invoice|rechnung|client|customer|bill(?:ed|ing)? to|ship|adresse|address|telephone|montant"
    r"|numero|duplicata|destinat|livraison|service|confirmation|justificatif|cotisation|boulevard|monsieur"
    r"|madame|specimen|reference)"
    r"|\b(?:avoir|recu|receipt|quittance|avis|dates?|page|tel|e-?mail|total|ref|copie|original|objet|bonjour|votre|vos"
    r"|contrat|espace|siret|siren|tva|iban|rue|avenue|quai|impasse|allee|place|chemin|route|bp \d+"
    r"|cedex|billet|note d'honoraires|releve|devis)\b"
    r"|n°|www|http|@|^(?:m|mme|mr|mlle)\.? |\b\d{5} [a-z]|^[\d\W]+$|^\d{1,4}(?: ?(?:bis|ter|[a-d]))?,? [a-z]"
)
"""What no company's name is: titles, labels, addresses, people with their civility."""


def find_issuer(sheet: Sheet) -> Sender:
    """The sender of the invoice, known or not; `name` is empty when nothing names it."""
    siren, vat_number = _numbers(sheet)
    known = _known(sheet)
    name, strength = known or _labelled(sheet) or _legal(sheet) or _header(sheet) or _hosted(sheet) or ("", 0.0)
    if known and (header := _header(sheet)) and _is_branch(header[0], name):
        name = header[0]
    return replace(Sender(name, strength), siren=siren, vat_number=vat_number)


def _is_branch(header: str, name: str) -> bool:
    """Whether the header names a branch of a known issuer (`Carrefour Drive`), and not the issuer with more words."""
    issuer = by_name(header)
    return issuer is not None and issuer.name == name and bare_name(header) not in map(bare_name, (name, *issuer.names))


def _numbers(sheet: Sheet) -> tuple[str, str]:
    """The first SIREN and VAT number that are not said to be the buyer's."""
    siren = vat = ""
    for line in sheet.plain:
        for match in _SIREN.finditer(line):
            digits = re.sub(r"\D", "", match[1] or match[2])
            siren = siren or (digits if is_siren(digits) and not _OF_BUYER.search(line[: match.start()]) else "")
        for match in _VAT_FR.finditer(line):
            digits = re.sub(r"\D", "", match[2])
            if is_siren(digits) and not _OF_BUYER.search(line[: match.start()]):
                vat = vat or f"FR{match[1].upper()}{digits}"
        for match in _VAT.finditer(line):
            if not _OF_BUYER.search(line[: match.start()]):
                vat = vat or re.sub(r"[ -]", "", match[0]).upper()
    return siren or (vat[4:] if vat.startswith("FR") else ""), vat


def is_siren(digits: str) -> bool:
    """Whether nine digits carry a right check digit (Luhn, as INSEE prescribes)."""
    if len(digits) != 9 or not digits.isdigit():
        return False
    doubled = (int(sign) * (2 if place % 2 else 1) for place, sign in enumerate(digits))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def _known(sheet: Sheet) -> tuple[str, float] | None:
    """The known issuer with most evidence: its numbers, domains, marks, and its name alone on a line."""
    digits = re.sub(r"(?<=\d)[ .](?=\d)", "", sheet.whole)
    hosts = set(_HOST.findall(sheet.whole))
    lines = _lone_parts(sheet)
    best: tuple[float, Issuer] | None = None
    for issuer in ISSUERS:
        score = _evidence(issuer, sheet.whole, digits, hosts, lines)
        if score >= 2 and (best is None or score > best[0]):
            best = score, issuer
    return (best[1].name, min(1.0, 0.7 + 0.1 * best[0])) if best else None


def _evidence(issuer: Issuer, text: str, digits: str, hosts: set[str], lines: dict[str, int]) -> float:
    score = 3.0 if (issuer.siren and issuer.siren in digits) or (issuer.vat and issuer.vat.lower() in digits) else 0.0
    if any(host == domain or host.endswith("." + domain) for host in hosts for domain in issuer.domains):
        score += 2
    if any(re.search(mark, text) for mark in issuer.marks):
        score += 2
    places = [lines[name] for name in issuer.names if name in lines]
    if places:
        score += 2.5 if min(places) < 15 else 1.5
    if score and _names_in(issuer).search(text):
        score += 0.5
    return score


@cache
def _names_in(issuer: Issuer) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b{re.escape(name)}(?!\w)" for name in issuer.names) or r"(?!)")


def _lone_parts(sheet: Sheet) -> dict[str, int]:
    """What stands alone between wide gaps, without its legal form, and the first line where it does."""
    found: dict[str, int] = {}
    for number in range(min(len(sheet.lines), 400)):
        for at, part in sheet.segments(number):
            if len(part) <= 60:
                found.setdefault(bare_name(part), number)
                head = re.split(r" [-–|,:] ", part)[0]
                if head != part and at == _margin(sheet, number):
                    found.setdefault(bare_name(head), number)
    return found


def _margin(sheet: Sheet, number: int) -> int:
    return len(sheet.lines[number]) - len(sheet.lines[number].lstrip())


def _labelled(sheet: Sheet) -> tuple[str, float] | None:
    for number, match in sheet.labels(_SAYS):
        group = 1 if match[1] else 2
        said = re.split(r" {2,}|[|;(]", sheet.lines[number][match.start(group) : match.end(group)])[0]
        if name := _as_name(said):
            return name, 0.9
    return None


def _legal(sheet: Sheet) -> tuple[str, float] | None:
    """`Dupont SARL au capital de 8 000 €`, else the lone name above it, else `Dupont SARL` at the top."""
    for number, match in sheet.labels(_CAPITAL):
        name = _before_capital(sheet, number, match.start()) or _lone_name_above(sheet, number)
        if name:
            return name, 0.9
    for number in range(min(len(sheet.lines), 20)):
        for at, part in sheet.segments(number):
            if _FORM_AT_END.match(sheet.plain[number][at : at + len(part)]) and not _NO_NAME.search(plain(part)):
                return clean(part), 0.75
    return None


def _before_capital(sheet: Sheet, number: int, end: int) -> str:
    """The name before the legal form and `au capital`, back to the last separator."""
    start = max(0, end - 120)
    before = sheet.plain[number][start:end]
    tail = _LEGAL_TAIL.search(before)
    kept = before[: tail.start()] if tail else before
    begin = max((gap.end() for gap in _SEPARATOR.finditer(kept.rstrip())), default=0)
    return _as_name(sheet.lines[number][start + begin : start + len(kept)])


def _lone_name_above(sheet: Sheet, number: int) -> str:
    for above in range(number - 1, max(-1, number - 4), -1):
        parts = list(sheet.segments(above))
        head = re.split(r" [-–|•] |, ", parts[0][1])[0] if len(parts) == 1 else ""
        if len(head) <= 40 and (name := _as_name(head)):
            return name
    return ""


def _as_name(text: str) -> str:
    """The text when it can be a company's name, else nothing."""
    name = clean(text).strip(" ,.:;-–|(")
    name = re.sub(rf"(?i)[ ,]+(?:{FORMS})$", "", name)
    letters = sum(sign.isalpha() for sign in name)
    if not 2 <= len(name) <= 60 or letters < 0.6 * len(name) or re.fullmatch(rf"(?i){FORMS}", name):
        return ""
    return "" if _NO_NAME.search(plain(name)) else name


def _header(sheet: Sheet) -> tuple[str, float] | None:
    """The first part of the first lines that could be a company's name.

    Invoices of France show the buyer at the right, in the window of the envelope: the left half goes first.
    """
    middle = max((len(line) for line in sheet.lines), default=0) / 2
    right = ""
    for number in range(min(len(sheet.lines), 8)):
        for at, part in sheet.segments(number):
            if not (name := _as_name(part)) or len(part) > 50 or _under_buyer(sheet, number, at, at + len(part)):
                continue
            if at < middle:
                return name, 0.6
            right = right or name
    return (right, 0.5) if right else None


def _under_buyer(sheet: Sheet, number: int, left: int, right: int) -> bool:
    """Whether a row above names what stands here as the buyer, or as where the goods go."""
    for above in range(max(0, number - 4), number + 1):
        for match in _BUYER.finditer(sheet.plain[above]):
            if match.start() < right and match.end() > left - 4:
                return True
    return False


def _hosted(sheet: Sheet) -> tuple[str, float] | None:
    for host in _HOST.findall(sheet.whole):
        if not _SHARED_HOSTS.search(host):
            return host.removeprefix("www.").split(".")[-2].capitalize(), 0.5
    return None
