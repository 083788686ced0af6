"""Files as people have them: wrong, broken, contradictory; and the turns of each format that laws do not reach."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from alcove_connectors.bankfiles import BankFiles, charset, errors, formats, identity, labels, values
from alcove_connectors.bankfiles.model import MAX_BYTES, Account
from alcove_connectors.bankfiles.tests.test_laws import SAMPLE, first_column, gather, refuse, shape
from alcove_connectors.bankfiles.tests.writers import IBAN, WRITERS, Line, camt, mt940, ofx1, without_references
from alcove_connectors.sdk.bank import BANK_ACCOUNTS, OPERATIONS
from alcove_connectors.sdk.testing import FakeStack

DAY = date(2024, 3, 15)


@pytest.mark.parametrize(
    ("content", "name", "error"),
    [
        (b"", "a.ofx", errors.EmptyFile),
        (b"\x00\x00 \r\n", "a.csv", errors.EmptyFile),
        (b"PK\x03\x04rest", "a.csv", errors.Compressed),
        (b"\x1f\x8b\x08rest", "a.ofx", errors.Compressed),
        (b"-----BEGIN PGP MESSAGE-----\n", "a.qif", errors.Encrypted),
        (b"%PDF-1.7", "a.ofx", errors.NotStatement),
        (b"<!DOCTYPE html><html><body>Login</body></html>", "a.ofx", errors.NotStatement),
        (b"OFXHEADER:100\n<OFX><SIGNONMSGSRSV1></SIGNONMSGSRSV1>", "a.ofx", errors.Truncated),
        (b"OFXHEADER:100\nCHARSET:1252\n<OFX><A>caf\x81</OFX>", "a.ofx", errors.Misencoded),
        (b"OFXHEADER:100\n<OFX>" + b"<A>" * 100, "a.ofx", errors.TooLarge),
        (b"OFXHEADER:100\n<OFX><!--" + b"<!--" * 100_000, "a.ofx", errors.Truncated),
        (b":20:X\n:25:123456789\n:60F:C240101EUR1,\n:61:2401010101D1,NTRF\n", "a.sta", errors.Truncated),
        (b":20:X\n:28C:1\n:62F:C240101EUR1,\n", "a.sta", errors.NotStatement),
        (b":20:X\n:25:123\n:60F:C240101EUR1,\n:25:456\n:62F:C240101EUR1,\n", "a.sta", errors.Contradiction),
        (b"!Type:Bank\nD01/02/2024\nT-1.00\n", "a.qif", errors.Truncated),
        (b"!Type:Invst\nD01/02/2024\nNBuy\n^\n", "a.qif", errors.NotStatement),
        (camt(SAMPLE)[:-30], "a.xml", errors.Truncated),
        (camt(SAMPLE).replace(b"<Document", b'<!DOCTYPE d [<!ENTITY a "b">]><Document'), "a.xml", errors.NotStatement),
        (camt(SAMPLE).replace(b"Acct>", b"Axct>"), "a.xml", errors.NotStatement),
    ],
)
def test_what_is_no_statement_gets_its_sentence(content: bytes, name: str, error: type[Exception]) -> None:
    stack = FakeStack()
    with pytest.raises(error):
        formats.read(content, name, refuse)
    told = gather(stack, [(name, content), ("good.ofx", ofx1(SAMPLE))])
    assert told[name]["outcome"] in ("error", "not_understood")
    assert told[name]["reason"].endswith(".")
    assert told["good.ofx"]["outcome"] == "new"
    assert len(stack.all(OPERATIONS)) == len(SAMPLE)


def test_a_huge_file_is_refused_unread() -> None:
    with pytest.raises(errors.TooLarge):
        charset.check_bytes(bytes(MAX_BYTES + 1))


@pytest.mark.parametrize("writer", [ofx1, mt940, camt])
def test_the_same_reference_with_another_amount_is_a_contradiction(writer: object) -> None:
    assert callable(writer)
    stack = FakeStack()
    lines = [Line(DAY, -1000, "EDF", "REFERENCE1"), Line(DAY, -500, "SNCF", "REFERENCE2")]
    other = [
        Line(DAY, -1000, "EDF", "REFERENCE1"),
        Line(DAY, -700, "SNCF", "REFERENCE2"),
        Line(DAY, -1, "X", "NEW12345"),
    ]
    gather(stack, [("one", writer(lines))])
    before = stack.dump()
    told = gather(stack, [("two", writer(other))])["two"]
    assert told["outcome"] == "error"
    assert "REFERENCE2" in told["reason"]
    assert stack.dump() == before


def test_balances_that_do_not_add_up_are_told_and_the_operations_kept() -> None:
    stack = FakeStack()
    wrong = mt940(SAMPLE).replace(b":62F:C240121EUR2075,00", b":62F:C240121EUR2074,00")
    told = gather(stack, [("a.sta", wrong)])["a.sta"]
    assert (told["outcome"], told["counts"]["operations"]) == ("new", 3)
    assert "do not add up" in told["reason"]


def test_one_bad_operation_does_not_lose_the_others() -> None:
    stack = FakeStack()
    bad = ofx1(SAMPLE).replace(b"<DTPOSTED>20240121", b"<DTPOSTED>20240231")
    told = gather(stack, [("a.ofx", bad)])["a.ofx"]
    assert told["counts"]["operations"] == 2
    assert "'20240231' is not a date" in told["reason"]


def test_a_failed_write_leaves_nothing_that_a_second_run_does_not_complete() -> None:
    stack = FakeStack()
    stack.fail_on = lambda method, path: 500 if path.endswith("bank.operations/_bulk_docs") else 0
    with pytest.raises(Exception, match="500"):
        gather(stack, [("a.ofx", ofx1(SAMPLE))])
    stack.fail_on = lambda method, path: 0
    assert gather(stack, [("a.ofx", ofx1(SAMPLE))])["a.ofx"]["counts"]["operations"] == 3


def test_two_equal_operations_stay_two_and_a_third_is_added() -> None:
    stack = FakeStack()
    twice = [Line(DAY, -250, "CAFE", ""), Line(DAY, -250, "CAFE", "")]
    for name in ("csv.csv", "ofx1.ofx", "csv.csv"):
        gather(stack, [(name, WRITERS[name](twice))])
    assert sum(shape(stack).values()) == 2
    gather(stack, [("ofx1.ofx", ofx1([*twice, twice[0]]))])
    assert sum(shape(stack).values()) == 3


def test_two_formats_that_date_a_card_payment_differently_agree() -> None:
    stack = FakeStack()
    days = [DAY + timedelta(days=step) for step in range(10)]
    bought = [Line(day, -1000 - number, f"CARTE {day:%d/%m} MAGASIN {number}", "") for number, day in enumerate(days)]
    booked = [Line(line.day + timedelta(days=2), line.cents, line.label, "") for line in bought]
    gather(stack, [("a.csv", WRITERS["csv.csv"](booked))])
    gather(stack, [("a.ofx", ofx1(bought))])
    assert sum(shape(stack).values()) == 10


def test_the_newest_balance_wins_whatever_the_order() -> None:
    old, new = SAMPLE[:2], SAMPLE
    for order in ((old, new), (new, old)):
        stack = FakeStack()
        for lines in order:
            gather(stack, [("a.ofx", ofx1(lines))])
        (account,) = stack.all(BANK_ACCOUNTS)
        assert (account["balance"], account["balanceDate"]) == (2075.0, "2024-01-21")


def test_documents_have_cozys_fields() -> None:
    stack = FakeStack()
    gather(stack, [("a.sta", mt940([Line(DAY, -4250, "CARTE 13/03/24 CARREFOUR CITY CB*1234", "X1Y2Z3A4")]))])
    (operation,) = stack.all(OPERATIONS)
    (account,) = stack.all(BANK_ACCOUNTS)
    assert operation["label"] == "Carrefour City"
    assert operation["originalBankLabel"] == "CARTE 13/03/24 CARREFOUR CITY CB*1234"
    assert operation["date"] == "2024-03-15T12:00:00.000Z"
    assert (operation["amount"], operation["currency"], operation["account"]) == (-42.5, "EUR", account["_id"])
    assert operation["vendorAccountId"] == account["vendorId"] == IBAN
    assert operation["cozyMetadata"]["createdByApp"] == BankFiles.slug
    assert (account["iban"], account["type"], account["balance"]) == (IBAN, "Checkings", -42.5)


@pytest.mark.parametrize(
    "version", ["052.001.02", "052.001.08", "053.001.04", "053.001.08", "054.001.02", "054.001.13"]
)
def test_every_camt_is_read(version: str) -> None:
    (statement,) = formats.read(camt(SAMPLE, version=version), "a.xml", refuse).statements
    assert len(statement.operations) == 3
    assert statement.account.iban == IBAN


def test_a_batch_entry_is_one_operation_and_pending_ones_wait() -> None:
    details = b"<TxDtls><RltdPties><Cdtr><Nm>A</Nm></Cdtr></RltdPties></TxDtls>"
    content = camt(SAMPLE[:2]).replace(b"<NtryDtls>", b"<NtryDtls>" + details, 1)
    (statement,) = formats.read(content, "a.xml", refuse).statements
    assert len(statement.operations) == 2
    assert statement.operations[0].label == "2 payments: A"
    pending = camt(SAMPLE[:2]).replace(b"<Sts>BOOK</Sts>", b"<Sts><Cd>PDNG</Cd></Sts>", 1)
    assert len(formats.read(pending, "a.xml", refuse).statements[0].operations) == 1


def test_mt940_as_banks_write_it() -> None:
    text = (
        "{1:F01BNPAFRPPXXXX0000000000}{2:O940}{4:\n:20:X\n:25:12345678901EUR\n:28C:1\n:60F:C231231EUR100,\n"
        ":61:2402300301D5,NINTNONREF\n:86:INTERETS\n:61:240102RC2,50NTRFNONREF//REF77777\nmore words\n"
        ":61:240103    CR7,5NMSCNONREF\n:86:166?00GUTSCHRIFT?20SVWZ+Miete?32MUELLER\n:62F:C240301EUR100,\n-}{5:}\n"
        ":20:Y\n:25:12345678901EUR\n:28C:2\n:60M:C240301EUR100,\n:62M:C240302EUR100,\n-\n"
    )
    (statement,) = formats.read(text.encode(), "a.sta", refuse).statements
    assert statement.account == Account(number="12345678901", bank="BNPAFRPP", currency="EUR")
    assert [(str(op.day), str(op.amount)) for op in statement.operations] == [
        ("2024-03-01", "-5"),
        ("2024-01-02", "-2.50"),
        ("2024-01-03", "7.5"),
    ]
    assert statement.operations[0].value_day == date(2024, 2, 29)
    assert statement.operations[2].label == "GUTSCHRIFT MUELLER Miete"
    assert not formats.read(text.encode(), "a.sta", refuse).remarks


def test_mt942_has_no_balances() -> None:
    text = (
        ":20:X\n:25:NL71RABO0123456789\n:28C:1\n:34F:EUR0,\n:13D:2403151200+0100\n:61:240315D10,00NTRFNONREF\n:86:EDF\n"
    )
    (statement,) = formats.read(text.encode(), "a.sta", refuse).statements
    assert (statement.total, statement.closing, statement.operations[0].currency) == (Decimal("-10.00"), None, "EUR")


@pytest.mark.parametrize(
    ("days", "first"),
    [
        (["13/02/24", "01/02/24"], "2024-02-13"),
        (["2/13/24", "2/1/24"], "2024-02-13"),
        (["1/2'24", "13/2'24"], "2024-02-01"),
        (["10/1/24", "11/1/24", "12/1/24", "1/2/24"], "2024-01-10"),
        (["2024-02-01"], "2024-02-01"),
    ],
)
def test_the_order_of_qif_dates_is_decided_from_the_file(days: list[str], first: str) -> None:
    text = "!Type:CCard\n" + "".join(f"D{day}\nT-1,000.50\nPSHOP\n^\n" for day in days)
    (statement,) = formats.read(text.encode(), "a.qif", refuse).statements
    assert str(statement.operations[0].day) == first
    assert statement.operations[0].amount == Decimal("-1000.50")
    assert statement.account.kind == "credit card"


def test_unclear_qif_dates_are_asked() -> None:
    text = b"!Account\nNSavings\nTBank\n^\n!Type:Bank\nD01/02/24\nT-1.00\n^\n"
    with pytest.raises(errors.AskPerson):
        formats.read(text, "a.qif", refuse)
    (statement,) = formats.read(text, "a.qif", first_column).statements
    assert (str(statement.operations[0].day), statement.account.label) == ("2024-02-01", "Savings")


def test_one_account_has_one_name_in_all_formats() -> None:
    stack = FakeStack()
    for name in ("csv.csv", "mt940.sta", "ofx1.ofx", "camt.xml"):
        gather(stack, [(name, WRITERS[name](without_references(SAMPLE)))])
    (account,) = stack.all(BANK_ACCOUNTS)
    assert account["iban"] == IBAN
    assert len(stack.all(OPERATIONS)) == 3


def test_accounts_are_told_apart() -> None:
    name = identity.name_of
    assert identity.same(name(Account("123456", bank="30004")), name(Account("123456", bank="20041"))) == 0
    assert identity.same(name(Account("0012345678")), name(Account("12345678", bank="30004"))) == 1
    assert identity.same(name(Account("12345678", currency="EUR")), name(Account("12345678", currency="CHF"))) == 0
    assert identity.same(name(Account(iban=IBAN)), name(Account("10038562", bank="30004"))) == 2
    assert identity.number_in_name("dir/export_00040123456_20240301-20240331.csv") == "00040123456"
    assert identity.number_in_name("export_20240301.csv") == ""
    assert identity.stem("Relevé mars 2024 (1).csv") == identity.stem("Relevé avril 2024.csv") == "releve"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 234,56 €", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("(12,50)", "-12.50"),
        ("12.5-", "-12.5"),
    ],
)
def test_amounts(text: str, value: str) -> None:
    assert values.amount(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "abc", "1e9", "NaN", "1 2 x", "12,34,56.78.90", "9" * 30, "١٢"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        values.amount(text)


def test_encodings() -> None:
    assert charset.decode("é €".encode("cp1252"), "ISO-8859-1") == "é €"
    assert charset.decode("é €".encode(), "1252") == "é €"
    assert charset.decode("é €".encode().decode("cp1252").encode()) == "é €"
    assert charset.decode("é".encode("utf-16"), "") == "é"


def test_labels() -> None:
    assert labels.readable("PRLV SEPA EDF") == "Prlv Sepa EDF"
    assert labels.kind_of("PRLV SEPA EDF") == "direct debit"
    assert labels.join("CARREFOUR", "carrefour city") == "carrefour city"
    assert labels.likeness("carrefour market pa", "carrefour market paris 11") > 95
