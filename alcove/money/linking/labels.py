"""What a bank's label says: the merchant in it, and whether a vendor's name stands there."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from alcove.money.merchants import BRANDS, MERCHANTS, TRADES

STRONG, WEAK, OPAQUE, OTHER, RIVAL = "strong", "weak", "opaque", "other", "rival"
"""How a label stands to a vendor: names it, resembles it, names nobody, names somebody, names another known one."""

_WORD = re.compile(r"[A-Z0-9]+")
_NOISE = frozenset(
    """
    CB CARTE CARD VISA MASTERCARD MC PAIEMENT PAIEMENTS PAIMT PMT ACHAT ACHATS FACTURE FACTURES FACT FAC PRLV
    PRELEVEMENT
    PRELEVEMENTS PRELEV PREL PRLVT PRVL PVT SEPA CORE B2B VIR VIRT VRT VIREMENT VIREMENTS INST INSTANTANE RECU EMIS
    EMISE
    RECURRENT PERMANENT FAVEUR TIERS MOTIF LIBELLE REF REFERENCE MANDAT MDT RUM ICS ID IDENTIFIANT NUM NUMERO NO NR N
    CHEQUE CHQ CHEQUES REMISE TIP TELEREGLEMENT TELEREGLEMENTS ECHEANCE ECH ABONNEMENT ABO ABT CONTRAT CLIENT COTISATION
    INTERNET SANS CONTACT DIFFERE DEBIT CREDIT COMPTE COURANT OPERATION OPE RETRAIT DAB DU DE DES D LE LA LES L AU AUX A
    EN ET POUR PAR SUR CHEZ VERS THE OF BY FOR SA SAS SASU SARL EURL SELARL SELAS SNC SCI SCA SCOP GIE CIE LTD LIMITED
    INC LLC GMBH PLC BV NV AG SE EI FR FRA FRANCE EUROPE EU EUR EUROS USD GBP CHF COM WWW HTTP HTTPS NET ORG
    JANVIER FEVRIER MARS AVRIL MAI JUIN JUILLET AOUT SEPTEMBRE OCTOBRE NOVEMBRE DECEMBRE JANV FEV AVR JUIL SEPT OCT
    NOV DEC
    PAYMENT TRANSFER DIRECT INVOICE PURCHASE POS DEBITCARD REFUND REMBOURSEMENT REMB RBT AVOIR ANNULATION REGUL XX XXX
    """.split()
)
_BETWEEN = frozenset(
    """
    PAYPAL PP SUMUP STRIPE ZETTLE IZETTLE KLARNA ALMA ONEY FLOA LYF PAYLIB APPLE GOOGLE PAY SQ SQUARE PPRO ADYEN MOLLIE
    HIPAY PAYPLUG WORLDLINE SYSTEMPAY LYDIA MANGOPAY LEMONWAY PAYGREEN MERCANET MONEXT INGENICO STANCER QONTO WERO
    """.split()
)
_COMMON = frozenset(
    """
    SERVICE SERVICES GROUPE GROUP ASSURANCE ASSURANCES BANQUE MUTUELLE MUTUELLES ENERGIE ENERGIES TELECOM MOBILE SOCIETE
    CLUB CENTRE CENTER CABINET DOCTEUR PHARMACIE BOULANGERIE RESTAURANT HOTEL GARAGE ECOLE COLLEGE AGENCE MAISON ATELIER
    STORE SHOP BOUTIQUE MARKET MARCHE ONLINE PARIS LYON LILLE NANTES BORDEAUX TOULOUSE MARSEILLE RENNES STRASBOURG NICE
    MONTPELLIER NORD SUD EST OUEST VILLE SAINT SAINTE SANTE SPORT SPORTS AUTO AUTOS LOCATION IMMOBILIER INTERNATIONAL
    SOLUTIONS CONSEIL FORMATION TRANSPORT TRANSPORTS EAUX COMPAGNIE ASSOCIATION SYNDIC CONSULTING DIGITAL MEDIA STUDIO
    """.split()
)


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """Capitals and digits only, without accents, words parted by one space.

    >>> plain("Électricité de France – n°12")
    'ELECTRICITE DE FRANCE N 12'
    """
    spread = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in spread if not unicodedata.combining(c)).upper()
    return " ".join(_WORD.findall(bare))


def _number(word: str) -> bool:
    """A date, a reference, a card: mostly digits, and too long to be a name such as "3F" or "G7"."""
    return len(word) > 2 and sum(c.isdigit() for c in word) * 2 >= len(word)


def face(label: str) -> str:
    """What stays the same in a label from one time to the next: no numbers, no words for ways of paying.

    >>> face("CB PAYPAL *DECATHLON FACT 12/05 X4821")
    'PAYPAL DECATHLON'
    """
    words = plain(label).split()
    return " ".join(word for word in words if word not in _NOISE and not _number(word) and not word.isdigit())


@lru_cache(maxsize=16384)
def telling(face: str) -> tuple[str, ...]:
    """The words of a face that can name somebody: no intermediaries, no single letters.

    >>> telling("PAYPAL DECATHLON")
    ('DECATHLON',)
    """
    return tuple(word for word in face.split() if word not in _BETWEEN and len(word) > 1)


@lru_cache(maxsize=16384)
def key_of(face: str) -> str:
    """Under which name a label is remembered: its first two telling words; empty when it names nobody."""
    return " ".join(telling(face)[:2])


@lru_cache(maxsize=4096)
def vendor_key(vendor: str) -> str:
    """Under which name a vendor is known: "Free Mobile", "free-mobile" and "freemobile" are one."""
    words = plain(vendor).split()
    kept = [word for word in words if word not in ("SA", "SAS", "SARL", "FRANCE", "COM", "FR", "WWW")]
    return "".join(kept or words)


@dataclass(frozen=True, slots=True)
class Naming:
    """How the label stands to the vendor, how alike they are (0..1), and the words that show it."""

    kind: str
    likeness: float
    words: str = ""


def _as_pattern(text: str) -> re.Pattern[str] | None:
    """A connector's pattern; None when it is malformed or could take long (nested repeats)."""
    if not text or re.search(r"[+*}]\)?[+*{]|\\[1-9]|\([^)]*[+*][^)]*\)[+*{]", text):
        return None
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error:
        return None


_patterns = lru_cache(maxsize=4096)(_as_pattern)


@lru_cache(maxsize=4096)
def names_of(vendor: str) -> tuple[str, ...]:
    """The names that a vendor goes by: its own, without its legal form, and what labels call its brand."""
    whole = plain(vendor)
    short = " ".join(word for word in whole.split() if word not in _NOISE)
    squashed = vendor_key(vendor)
    known = [name for brand, names in BRANDS.items() if brand in (squashed, short, whole) for name in names]
    return tuple(dict.fromkeys(name for name in (short or whole, whole, *known) if len(name) > 1))


def _likeness(name: str, words: tuple[str, ...], every: frozenset[str], squashed: str) -> float:
    own = name.split()
    tight = "".join(own)
    if own and all(word in every for word in own):
        return 1.0 if len(tight) > 2 else 0.88
    if len(tight) >= 5 and tight in squashed:
        return 1.0
    if not words:
        return 0.0
    if len(squashed) >= 5 and tight.startswith(squashed):
        return 0.95
    longest = max(own, key=len)
    close = max(fuzz.ratio(longest, word) for word in words) / 100
    if len(longest) >= 6 and longest not in _COMMON:
        if len(own) > 1 and close >= 0.99:
            return 0.86
        if close >= 0.86 and len(own) == 1:
            return 0.9
        if any(len(w) >= 5 and longest.startswith(w) for w in words):
            return 0.87
    shared = [w for w in own if len(w) >= 4 and w in every and w not in _COMMON and w not in _NOISE]
    if shared:
        return 0.75
    whole = fuzz.token_set_ratio(name, " ".join(words)) / 100
    return 0.7 if whole >= 0.86 and len(tight) >= 6 else 0.0


@lru_cache(maxsize=16384)
def known_merchant(face: str) -> str:
    """The merchant of the dictionary that a face names, the longest name first; empty for none.

    >>> known_merchant("CARREFOUR CITY")
    'CARREFOUR CITY'
    """
    words = face.split()
    for length in (3, 2, 1):
        for start in range(len(words) - length + 1):
            name = " ".join(words[start : start + length])
            if name in MERCHANTS:
                return name
    return ""


_CASH = re.compile(r"\b(RETRAIT|DAB|GAB|DISTRIBUTEUR|ATM|CASH WITHDRAWAL)\b", re.IGNORECASE)


@lru_cache(maxsize=65536)
def is_cash(label: str) -> bool:
    """Whether money was drawn in notes: that pays no bill, even where a town's name stands on the label."""
    return bool(_CASH.search(label))


def matches(pattern: str, label: str) -> bool:
    """Whether a label is as the connector says it is (`matchingCriterias.labelRegex`)."""
    given = _patterns(pattern) if pattern else None
    return bool(given and given.search(label[:200]))


@lru_cache(maxsize=65536)
def naming(vendor: str, face: str) -> Naming:
    """How a label's face stands to the vendor."""
    words = telling(face)
    every = frozenset(face.split())
    squashed = "".join(words)
    best, name = max(((_likeness(n, words, every, squashed), n) for n in names_of(vendor)), default=(0.0, ""))
    if best >= 0.85:
        return Naming(STRONG, best, name)
    if not words:
        return Naming(OPAQUE, 0.0)
    if best >= 0.55:
        return Naming(WEAK, best, name)
    merchant = known_merchant(face)
    if merchant and merchant not in TRADES and vendor_key(merchant) not in vendor_key(vendor):
        return Naming(RIVAL, 0.0, merchant)
    return Naming(OTHER, 0.0, key_of(face))
