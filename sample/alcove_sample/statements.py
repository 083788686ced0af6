"""Bank files of a household: every format that French banks let a person download, with true balances."""

from __future__ import annotations

import zlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from alcove_sample.days import later

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alcove_sample.model import Account, Household, Operation

OVERLAP = 45  # days that the last export repeats of the one before
_TYPES = {"checking": "CHECKING", "joint": "CHECKING", "savings": "SAVINGS", "card": "CREDITLINE"}
_THEMES = {"4001": "Vie quotidienne", "4002": "Auto & moto", "4006": "Santé", "4010": "Logement", "2001": "Revenus"}


@dataclass(frozen=True, slots=True)
class Extract:
    """What one file says: an account's operations between two days, and the balances around them, in cents."""

    account: Account
    first: date
    last: date
    operations: tuple[Operation, ...]
    opening: int

    @property
    def closing(self) -> int:
        """The balance after the last operation."""
        return self.opening + sum(o.amount for o in self.operations)


@dataclass(frozen=True, slots=True)
class Statement:
    """A finished file: its name, its bytes, and what it says."""

    name: str
    form: str
    content: bytes
    extract: Extract


def statements(household: Household) -> Iterator[Statement]:
    """Yield the files that the household would have downloaded: one per account and year, in its bank's formats.

    The last file of an account repeats the end of the one before, as exports of "the last months" do.
    """
    lines: dict[str, list[Operation]] = defaultdict(list)
    for operation in household.operations:
        lines[operation.account].append(operation)
    for account in household.accounts:
        periods = list(_periods(household.start, household.end))
        for place, (first, last) in enumerate(periods):
            start = later(first, -OVERLAP) if 0 < place == len(periods) - 1 else first
            form = _FORMS[account.id][min(place, len(_FORMS[account.id]) - 1)]
            yield write_statement(_extract(account, lines[account.id], start, last), form)


# The form of each account's first file, then of all that follow.
_FORMS = {
    "current-1": ("csv-wide",),
    "card-1": ("ofx2",),
    "savings-1": ("qif",),
    "current-2": ("csv-columns", "ofx1"),
    "joint": ("csv-plain", "camt"),
    "savings-2": ("mt940",),
}


def _periods(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        turn = min(last, date(first.year, 12, 31))
        yield first, turn
        first = later(turn, 1)


def _extract(account: Account, operations: list[Operation], first: date, last: date) -> Extract:
    before = sum(o.amount for o in operations if o.date < first)
    inside = tuple(o for o in operations if first <= o.date <= last)
    return Extract(account, first, last, inside, account.opening + before)


def write_statement(extract: Extract, form: str) -> Statement:
    """Write an extract in a form: csv-wide, csv-columns, csv-plain, ofx1, ofx2, qif, mt940 or camt."""
    writer, suffix = WRITERS[form]
    account = extract.account
    name = f"{account.bank.id}_{account.number}_{extract.first:%Y%m%d}-{extract.last:%Y%m%d}.{suffix}"
    return Statement(name, form, writer(extract), extract)


def _euros(cents: int, sign: str = ".") -> str:
    """Return cents as euros, exactly: no float comes near them."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}{sign}{part:02d}"


def _french(cents: int) -> str:
    """Return cents with a decimal comma and spaces between thousands."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}".replace(",", " ") + f",{part:02d}"


def reference(operation: Operation) -> str:
    """Return the bank's own reference of an operation, the same in every export."""
    return f"{operation.date:%Y%m%d}{zlib.crc32(f'{operation.account}/{operation.id}'.encode()):08X}"


def _csv_wide(extract: Extract) -> bytes:
    """Eleven columns with the bank's own categories, decimal comma, UTF-8 with a byte-order mark; newest first."""
    rows = [
        "dateOp;dateVal;label;category;categoryParent;supplierFound;amount;comment;accountNum;accountLabel;accountbalance"
    ]
    account = extract.account
    tail = f"{account.number};{account.label};{_euros(extract.closing)}"
    for o in reversed(extract.operations):
        theme = _THEMES.get(o.category[:4], "Non catégorisé")
        rows.append(f'{o.date};{o.date};"{o.label}";"{theme}";"{theme}";;"{_french(o.amount)}";;{tail}')
    return ("\ufeff" + "\n".join(rows) + "\n").encode()


def _csv_columns(extract: Extract) -> bytes:
    """A preamble, then debit and credit in columns of their own, Windows-1252; newest first."""
    account = extract.account
    rows = [
        f"Compte n° {account.number};{account.label}",
        f"Solde au {extract.last:%d/%m/%Y};{_french(extract.closing)} €",
        f"Période du {extract.first:%d/%m/%Y} au {extract.last:%d/%m/%Y}",
        "",
        "Date;Date de valeur;Libellé;Débit euros;Crédit euros",
    ]
    for o in reversed(extract.operations):
        debit, credit = (_french(o.amount), "") if o.amount < 0 else ("", _french(o.amount))
        rows.append(f"{o.date:%d/%m/%Y};{o.date:%d/%m/%Y};{o.label};{debit};{credit}")
    return ("\r\n".join(rows) + "\r\n").encode("cp1252")


def _csv_plain(extract: Extract) -> bytes:
    """Five columns, the amount signed, the account in each line, Windows-1252; oldest first."""
    rows = ["IBAN;Date opération;Libellé opération;Montant;Devise"]
    rows += [
        f'{extract.account.iban};{o.date:%d/%m/%Y};"{o.label}";{_euros(o.amount, ",")};{o.currency}'
        for o in extract.operations
    ]
    return ("\r\n".join(rows) + "\r\n").encode("cp1252")


def _ofx_type(operation: Operation) -> str:
    if operation.kind == "check":
        return "CHECK"
    if operation.kind == "cash":
        return "ATM"
    if operation.kind == "direct debit":
        return "DIRECTDEBIT"
    return "DEBIT" if operation.amount < 0 else "CREDIT"


def _ofx_line(operation: Operation) -> Iterator[tuple[str, str]]:
    """Yield the elements of one transaction: the name is cut at 32 signs, the memo holds it whole."""
    yield "TRNTYPE", _ofx_type(operation)
    yield "DTPOSTED", f"{operation.date:%Y%m%d}"
    yield "DTUSER", f"{operation.realised:%Y%m%d}"
    yield "TRNAMT", _euros(operation.amount)
    yield "FITID", reference(operation)
    if operation.kind == "check":
        yield "CHECKNUM", operation.label.rsplit(" ", 1)[-1]
    yield "NAME", escape(operation.label[:32].rstrip())
    if len(operation.label) > 32:
        yield "MEMO", escape(operation.label)


def _ofx_body(extract: Extract, ends: bool) -> str:
    """Return the OFX element tree; OFX 1 leaves the ends of its leaves out, OFX 2 writes them."""

    def leaf(name: str, value: str) -> str:
        return f"<{name}>{value}</{name}>" if ends else f"<{name}>{value}"

    account, card = extract.account, extract.account.kind == "card"
    family, inner, source = ("CREDITCARD", "CC", "CCACCTFROM") if card else ("BANK", "", "BANKACCTFROM")
    identity = [leaf("ACCTID", account.number)]
    if not card:
        identity = [
            leaf("BANKID", account.bank.code),
            leaf("BRANCHID", "00512"),
            *identity,
            leaf("ACCTTYPE", _TYPES[account.kind]),
        ]
    moment = f"{extract.last:%Y%m%d}120000"
    fine = ["<STATUS>", leaf("CODE", "0"), leaf("SEVERITY", "INFO"), "</STATUS>"]
    rows = ["<OFX>", "<SIGNONMSGSRSV1>", "<SONRS>", *fine, leaf("DTSERVER", moment), leaf("LANGUAGE", "FRA")]
    rows += ["<FI>", leaf("ORG", account.bank.name), leaf("FID", account.bank.code), "</FI>"]
    rows += [
        "</SONRS>",
        "</SIGNONMSGSRSV1>",
        f"<{family}MSGSRSV1>",
        f"<{inner}STMTTRNRS>",
        leaf("TRNUID", moment),
        *fine,
    ]
    rows += [f"<{inner}STMTRS>", leaf("CURDEF", "EUR"), f"<{source}>", *identity, f"</{source}>"]
    rows += ["<BANKTRANLIST>", leaf("DTSTART", f"{extract.first:%Y%m%d}"), leaf("DTEND", f"{extract.last:%Y%m%d}")]
    for operation in extract.operations:
        rows += ["<STMTTRN>", *(leaf(name, value) for name, value in _ofx_line(operation)), "</STMTTRN>"]
    rows += ["</BANKTRANLIST>", "<LEDGERBAL>", leaf("BALAMT", _euros(extract.closing)), leaf("DTASOF", moment)]
    rows += ["</LEDGERBAL>", f"</{inner}STMTRS>", f"</{inner}STMTTRNRS>", f"</{family}MSGSRSV1>", "</OFX>"]
    return "\r\n".join(rows) + "\r\n"


def _ofx1(extract: Extract) -> bytes:
    """OFX 1: SGML without end tags on leaves, in Windows-1252."""
    head = "OFXHEADER:100 DATA:OFXSGML VERSION:102 SECURITY:NONE ENCODING:USASCII CHARSET:1252 COMPRESSION:NONE "
    head += "OLDFILEUID:NONE NEWFILEUID:NONE"
    return (head.replace(" ", "\r\n") + "\r\n\r\n" + _ofx_body(extract, ends=False)).encode("cp1252")


def _ofx2(extract: Extract) -> bytes:
    """OFX 2: XML in UTF-8."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\r\n'
    head += '<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\r\n'
    return (head + _ofx_body(extract, ends=True)).encode()


def _qif(extract: Extract) -> bytes:
    """QIF with the account named first; days come before months, as in France."""
    account = extract.account
    rows = ["!Account", f"N{account.label} {account.number}", "TBank", "^", "!Type:Bank"]
    for o in extract.operations:
        rows += [f"D{o.date:%d/%m/%Y}", f"T{_euros(o.amount)}", f"P{o.label}", "^"]
    return ("\r\n".join(rows) + "\r\n").encode("cp1252")


def _mt940(extract: Extract) -> bytes:
    """MT940 as SWIFT writes it, the label in :86: lines of 65 signs."""

    def balance(tag: str, day: date, cents: int) -> str:
        return f":{tag}:{'C' if cents >= 0 else 'D'}{day:%y%m%d}EUR{_euros(abs(cents), ',')}"

    account = extract.account
    rows = [f":20:{extract.last:%y%m%d}{account.number[-6:]}", f":25:{account.iban}", ":28C:1/1"]
    rows.append(balance("60F", later(extract.first, -1), extract.opening))
    for o in extract.operations:
        mark = "C" if o.amount >= 0 else "D"
        amount = _euros(abs(o.amount), ",")
        rows.append(f":61:{o.date:%y%m%d}{o.date:%m%d}{mark}{amount}NMSCNONREF//{reference(o)}")
        text = [o.label[start : start + 65] for start in range(0, len(o.label), 65)]
        rows.append(":86:" + "\r\n".join(text))
    rows += [balance("62F", extract.last, extract.closing), "-"]
    return ("\r\n".join(rows) + "\r\n").encode("ascii")


def _camt(extract: Extract) -> bytes:
    """CAMT.053.001.02: opening and closing balance, one entry per operation."""
    account = extract.account

    def sided(cents: int) -> str:
        mark = "CRDT" if cents >= 0 else "DBIT"
        return f'<Amt Ccy="EUR">{_euros(abs(cents))}</Amt><CdtDbtInd>{mark}</CdtDbtInd>'

    def balance(code: str, day: date, cents: int) -> str:
        kind = f"<Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        return f"<Bal>{kind}{sided(cents)}<Dt><Dt>{day}</Dt></Dt></Bal>"

    message = f"{account.number}-{extract.last:%Y%m%d}"
    rows = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>',
        f"<GrpHdr><MsgId>{message}</MsgId><CreDtTm>{extract.last}T20:00:00</CreDtTm></GrpHdr>",
        f"<Stmt><Id>{message}</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>{extract.last}T20:00:00</CreDtTm>",
        f"<FrToDt><FrDtTm>{extract.first}T00:00:00</FrDtTm><ToDtTm>{extract.last}T23:59:59</ToDtTm></FrToDt>",
        f"<Acct><Id><IBAN>{account.iban}</IBAN></Id><Ccy>EUR</Ccy><Nm>{escape(account.label)}</Nm>",
        f"<Svcr><FinInstnId><BIC>{account.bank.bic}</BIC><Nm>{escape(account.bank.name)}</Nm></FinInstnId></Svcr></Acct>",
        balance("OPBD", extract.first, extract.opening),
        balance("CLBD", extract.last, extract.closing),
    ]
    rows += [_camt_entry(o, sided(o.amount)) for o in extract.operations]
    rows.append("</Stmt></BkToCstmrStmt></Document>")
    return "\n".join(rows).encode()


def _camt_entry(operation: Operation, amount: str) -> str:
    details = f"<RmtInf><Ustrd>{escape(operation.label)}</Ustrd></RmtInf>"
    if operation.foreign is not None:
        currency, cents = operation.foreign
        asked = f'<InstdAmt><Amt Ccy="{currency}">{_euros(cents)}</Amt></InstdAmt>'
        details = f"<AmtDtls>{asked}</AmtDtls>{details}"
    return (
        f"<Ntry>{amount}<Sts>BOOK</Sts><BookgDt><Dt>{operation.date}</Dt></BookgDt>"
        f"<ValDt><Dt>{operation.date}</Dt></ValDt><AcctSvcrRef>{reference(operation)}</AcctSvcrRef>"
        "<BkTxCd><Prtry><Cd>NTRF</Cd></Prtry></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>{details}</TxDtls></NtryDtls>"
        f"<AddtlNtryInf>{escape(operation.label)}</AddtlNtryInf></Ntry>"
    )


WRITERS: dict[str, tuple[Callable[[Extract], bytes], str]] = {
    "csv-wide": (_csv_wide, "csv"),
    "csv-columns": (_csv_columns, "csv"),
    "csv-plain": (_csv_plain, "csv"),
    "ofx1": (_ofx1, "ofx"),
    "ofx2": (_ofx2, "ofx"),
    "qif": (_qif, "qif"),
    "mt940": (_mt940, "sta"),
    "camt": (_camt, "xml"),
}
