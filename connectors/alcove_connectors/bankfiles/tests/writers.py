"""Small statements in every format, written by us for the tests from one account and its lines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

BANK, BRANCH, NUMBER = "30004", "00823", "00010038562"
IBAN = "FR7630004008230001003856229"


@dataclass(frozen=True)
class Line:
    """One operation as a bank knows it; ``cents`` is negative for money out."""

    day: date
    cents: int
    label: str
    reference: str


def euros(cents: int, mark: str = ".") -> str:
    """Cents as euros with two decimals."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}{mark}{part:02}"


def ofx1(lines: list[Line], opening: int = 0, *, closed: bool = False) -> bytes:
    """OFX 1.0.2 in Windows-1252, leaves left open unless ``closed``."""

    def leaf(name: str, value: str) -> str:
        return f"<{name}>{escape(value)}" + (f"</{name}>" if closed else "")

    rows = [
        "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252",
        "COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n",
        "<OFX><SIGNONMSGSRSV1><SONRS><STATUS>" + leaf("CODE", "0") + leaf("SEVERITY", "INFO") + "</STATUS>",
        leaf("DTSERVER", "20240401") + leaf("LANGUAGE", "FRA") + "</SONRS></SIGNONMSGSRSV1>",
        "<BANKMSGSRSV1><STMTTRNRS>" + leaf("TRNUID", "1") + "<STMTRS>" + leaf("CURDEF", "EUR"),
        "<BANKACCTFROM>" + leaf("BANKID", BANK) + leaf("BRANCHID", BRANCH) + leaf("ACCTID", NUMBER),
        leaf("ACCTTYPE", "CHECKING") + "</BANKACCTFROM><BANKTRANLIST>",
    ]
    for line in lines:
        rows += [
            "<STMTTRN>" + leaf("TRNTYPE", "DEBIT" if line.cents < 0 else "CREDIT"),
            leaf("DTPOSTED", f"{line.day:%Y%m%d}") + leaf("TRNAMT", euros(line.cents)),
            (leaf("FITID", line.reference) if line.reference else "") + leaf("NAME", line.label[:32].strip()),
            leaf("MEMO", line.label) + "</STMTTRN>",
        ]
    total = opening + sum(line.cents for line in lines)
    last = max((line.day for line in lines), default=None)
    asof = f"{last:%Y%m%d}" if last else "20240401"
    rows.append("</BANKTRANLIST><LEDGERBAL>" + leaf("BALAMT", euros(total)) + leaf("DTASOF", asof))
    rows.append("</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>")
    return "\r\n".join(rows).encode("cp1252", "replace")


def ofx2(lines: list[Line], opening: int = 0) -> bytes:
    """OFX 2.1.1, XML in UTF-8."""
    body = ofx1(lines, opening, closed=True).decode("cp1252").partition("<OFX>")[2]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE"?>\n<OFX>'
    return (head + body).encode()


def qif(lines: list[Line], opening: int = 0) -> bytes:
    """QIF with the day first, decimal points; it has neither account nor balance."""
    del opening
    rows = ["!Type:Bank"]
    for line in lines:
        rows += [f"D{line.day:%d/%m/%Y}", f"T{euros(line.cents)}", f"P{line.label}", "^"]
    return ("\n".join(rows) + "\n").encode()


def mt940(lines: list[Line], opening: int = 0) -> bytes:
    """One MT940 message with plain details."""

    def balance(tag: str, cents: int, day: date) -> str:
        return f":{tag}:{'D' if cents < 0 else 'C'}{day:%y%m%d}EUR{euros(abs(cents), ',')}"

    first, last = min(line.day for line in lines), max(line.day for line in lines)
    rows = [":20:STATEMENT", f":25:{IBAN}", ":28C:1/1", balance("60F", opening, first)]
    for line in lines:
        side = "D" if line.cents < 0 else "C"
        name = f"//{line.reference[:16]}" if line.reference else ""
        rows.append(f":61:{line.day:%y%m%d%m%d}{side}{euros(abs(line.cents), ',')}NTRFNONREF{name}")
        rows.append(f":86:{line.label}")
    rows.append(balance("62F", opening + sum(line.cents for line in lines), last))
    return ("\r\n".join([*rows, "-"]) + "\r\n").encode()


def camt(lines: list[Line], opening: int = 0, version: str = "053.001.02") -> bytes:
    """A CAMT report with one entry per line."""

    def money(cents: int) -> str:
        side = "DBIT" if cents < 0 else "CRDT"
        return f'<Amt Ccy="EUR">{euros(abs(cents))}</Amt><CdtDbtInd>{side}</CdtDbtInd>'

    def balance(code: str, cents: int, day: date) -> str:
        return f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{money(cents)}<Dt><Dt>{day}</Dt></Dt></Bal>"

    first, last = min(line.day for line in lines), max(line.day for line in lines)
    wrap = {
        "052": ("BkToCstmrAcctRpt", "Rpt"),
        "053": ("BkToCstmrStmt", "Stmt"),
        "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }
    outer, inner = wrap[version[:3]]
    entries = "".join(
        f"<Ntry>{money(line.cents)}<Sts>BOOK</Sts><BookgDt><Dt>{line.day}</Dt></BookgDt>"
        + (f"<AcctSvcrRef>{line.reference}</AcctSvcrRef>" if line.reference else "")
        + f"<NtryDtls><TxDtls><RmtInf><Ustrd>{escape(line.label)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        for line in lines
    )
    closing = opening + sum(line.cents for line in lines)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{version}">'
        f"<{outer}><GrpHdr><MsgId>1</MsgId></GrpHdr><{inner}><Id>1</Id>"
        f"<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balance('OPBD', opening, first)}{balance('CLBD', closing, last)}{entries}</{inner}></{outer}></Document>"
    ).encode()


def french(cents: int) -> str:
    """Cents as French banks print them: decimal comma, spaces between thousands."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}".replace(",", "\u00a0") + f",{part:02}"


def csv(lines: list[Line], opening: int = 0) -> bytes:
    """A CSV with lines above the table, debit and credit columns, Windows-1252, newest first."""
    closing = opening + sum(line.cents for line in lines)
    last = max(line.day for line in lines)
    rows = [
        f"Compte n° {NUMBER};Compte de dépôt",
        f"Solde au {last:%d/%m/%Y};{french(closing)} €",
        "",
        "Date;Libellé;Débit euros;Crédit euros",
    ]
    for line in reversed(lines):
        amounts = f"{french(line.cents)};" if line.cents < 0 else f";{french(line.cents)}"
        rows.append(f'{line.day:%d/%m/%Y};"{line.label.replace(chr(34), chr(34) * 2)}";{amounts}')
    return ("\r\n".join(rows) + "\r\n").encode("cp1252", "replace")


WRITERS: dict[str, Callable[[list[Line]], bytes]] = {
    "ofx1.ofx": ofx1,
    "ofx2.ofx": ofx2,
    "mt940.sta": mt940,
    "camt.xml": camt,
    "qif.qif": qif,
    "csv.csv": csv,
}


def without_references(lines: list[Line]) -> list[Line]:
    """The same lines as a bank writes them that gives no reference."""
    return [replace(line, reference="") for line in lines]
