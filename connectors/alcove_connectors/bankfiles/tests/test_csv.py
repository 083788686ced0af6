"""French banks' CSV layouts, columns found by their content, and the questions when they cannot be."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from alcove_connectors.bankfiles import formats
from alcove_connectors.bankfiles.errors import AskPerson, NotStatement, Question, Truncated
from alcove_connectors.bankfiles.tests.test_laws import gather, refuse, shape
from alcove_connectors.sdk.testing import FakeStack

if TYPE_CHECKING:
    from alcove_connectors.bankfiles.model import Statement

LAYOUTS = {
    "BoursoBank": (
        "dateOp;dateVal;label;category;categoryParent;supplierFound;amount;comment;"
        "accountNum;accountLabel;accountbalance\n"
        '2024-03-11;2024-03-11;"CARTE 10/03/24 CARREFOUR CB*1234";x;y;z;"-1 012,34";;00040123456;Compte;1234.56\n'
        '2024-03-10;2024-03-10;"VIR MARTIN";x;y;;1 500,00;;00040123456;Compte;1234.56\n',
        ("00040123456", "1234.56"),
    ),
    "Crédit Agricole": (
        "Téléchargement du 12/03/2024;\n\nM. MARTIN\nCompte de Dépôt carte n° 12345678901;\n"
        "Solde au 12/03/2024 1 234,56 €\n\nListe des opérations du compte entre le 01/01/2024 et le 12/03/2024;\n\n"
        "Date;Libellé;Débit euros;Crédit euros;\n"
        '11/03/2024;"PAIEMENT PAR CARTE   \nX1234 CARREFOUR 10/03\n";1 012,34;;\n'
        '10/03/2024;"VIR\nMARTIN\n";;1 500,00;\n',
        ("12345678901", "1234.56"),
    ),
    "BNP Paribas": (
        "Compte de chèques;Compte de chèques;****1234;12/03/2024;;1 234,56\n"
        "11/03/2024;Courses;;FACTURE CARTE DU 100324 CARREFOUR PARIS;-1012,34\n"
        "10/03/2024;Virements;;VIR SEPA MARTIN;1500,00\n",
        ("", "1234.56"),
    ),
    "Société Générale": (
        '="0005001234567";12/02/2024;12/03/2024;2;12/03/2024;1234,56 EUR\n\n'
        "Date de l'opération;Libellé;Détail de l'écriture;Montant de l'opération;Devise\n"
        "11/03/2024;CARTE X1234 10/03 ;CARTE X1234 10/03 CARREFOUR;-1012,34;EUR\n"
        "10/03/2024;VIR RECU;VIR RECU DE: MARTIN;1500,00;EUR\n",
        ("0005001234567", "1234.56"),
    ),
    "Crédit Mutuel / CIC": (
        "Date;Date de valeur;Débit;Crédit;Libellé;Solde\n10/03/2024;10/03/2024;;1500,00;VIR MARTIN;2246,90\n"
        "11/03/2024;11/03/2024;-1012,34;;PAIEMENT CB 1003 PARIS CARREFOUR;1234,56\n",
        ("", "1234.56"),
    ),
    "La Banque Postale": (
        "Numéro Compte   :;1234567A020\nType            :;CCP\nCompte tenu en  :;euros\nDate            :;12/03/2024\n"
        "Solde (EUROS)   :;1234,56\nSolde (FRANCS)  :;8098,18\n\nDate;Libellé;Montant(EUROS);Montant(FRANCS)\n"
        "11/03/2024;ACHAT CB CARREFOUR 10.03.24;-1012,34;-6640,51\n10/03/2024;VIREMENT DE MARTIN;1500,00;9839,36\n",
        ("1234567A020", "1234.56"),
    ),
    "Caisse d'Epargne": (
        "Code de la banque : 17515;Code de l'agence : 90000;Date de début : 01/03/2024;Date de fin : 12/03/2024;\n"
        "Numéro de compte : 04123456789;Nom du compte : COMPTE CHEQUE;Devise : EUR;\n;\n"
        "Solde en fin de période;;;;1234,56\nDate;Numéro d'opération;Libellé;Débit;Crédit;Détail;\n"
        "11/03/24;000001;CB CARREFOUR FACT 100324;-1012,34;;;\n10/03/24;000002;VIR MARTIN;;+1500,00;LOYER;\n"
        "Solde en début de période;;;;746,90\n",
        ("04123456789", "1234.56"),
    ),
    "Fortuneo": (
        "Date opération;Date valeur;libellé;Débit;Crédit;\n11/03/2024;11/03/2024;CARTE 10/03 CARREFOUR;-1012,34;;\n"
        "10/03/2024;10/03/2024;VIR MARTIN;;1500,00;\n",
        ("", None),
    ),
    "N26": (
        '"Date","Payee","Account number","Transaction type","Payment reference","Amount (EUR)","Exchange Rate"\n'
        '"2024-03-10","MARTIN","FR7630004008230001003856229","Income","LOYER","1500.0",""\n'
        '"2024-03-11","CARREFOUR","","MasterCard Payment","","-1012.34","1.0"\n',
        ("", None),
    ),
    "Revolut": (
        "Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance\n"
        "TRANSFER,Current,2024-03-10 10:00:00,2024-03-10 11:00:00,From Martin,1500.00,0.00,EUR,COMPLETED,2246.90\n"
        "CARD_PAYMENT,Current,2024-03-10 10:00:00,2024-03-11 09:00:00,Carrefour,-1012.00,0.34,EUR,COMPLETED,1234.56\n"
        "CARD_PAYMENT,Current,2024-03-12 10:00:00,,Uber,-5.00,0.00,EUR,PENDING,\n",
        ("", "1234.56"),
    ),
}


@pytest.mark.parametrize("bank", LAYOUTS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_a_known_layout_is_read_whole(bank: str, encoding: str) -> None:
    text, (number, balance) = LAYOUTS[bank]
    (statement,) = formats.read(text.encode(encoding), "export.csv", refuse).statements
    got = sorted((op.day, op.amount) for op in statement.operations)
    assert got == [(date(2024, 3, 10), Decimal(1500)), (date(2024, 3, 11), Decimal("-1012.34"))]
    assert all(op.label != "-" for op in statement.operations)
    assert statement.account.institution == bank
    assert statement.account.number == number
    assert (statement.closing and str(statement.closing.amount)) == balance


def one(text: str) -> Statement:
    (statement,) = formats.read(text.encode(), "export.csv", refuse).statements
    return statement


def amounts(text: str) -> list[str]:
    return [str(op.amount) for op in one(text).operations]


def test_columns_without_words_are_found_by_their_content() -> None:
    assert amounts('01/02/2024,Foo,"-12,50"\n02/02/2024,Bar,"7,00"\n') == ["-12.50", "7.00"]
    table = "Jour;Quoi;X;Y\n01/02/2024;Foo;-12,50;100,00\n02/02/2024;Bar;-10,00;90,00\n03/02/2024;Foo;5,00;95,00\n"
    assert amounts(table) == ["-12.50", "-10.00", "5.00"]
    assert str(one(table).closing) == str(one(table).closing).replace("100", "95")
    assert amounts("Date\tLibellé\tMontant\tSens\n01/02/2024\tFoo\t1 012,50\tD\n02/02/2024\tBar\t7,00\tC\n") == [
        "-1012.50",
        "7.00",
    ]


@pytest.mark.parametrize(
    ("field", "columns", "text"),
    [
        ("date", ("A", "B"), "A;B;C;D\n01/02/2024;03/02/2024;Foo;-12,50\n02/02/2024;05/02/2024;Bar;-13,50\n"),
        ("amount", ("X", "Y"), "Jour;Quoi;X;Y\n01/02/2024;Foo;12,50;1,00\n02/02/2024;Bar;13,50;7,00\n"),
        ("debit", ("X", "Y"), "Jour;Quoi;X;Y\n01/02/2024;Foo;12,50;\n02/02/2024;Bar;;7,00\n"),
        ("label", ("P", "Q"), "Jour;P;Q;M\n01/02/2024;Foo;Baz;12,50\n02/02/2024;Bar;Qux;7,00\n"),
    ],
)
def test_what_cannot_be_decided_is_asked_once(field: str, columns: tuple[str, ...], text: str) -> None:
    with pytest.raises(AskPerson) as caught:
        formats.read(text.encode(), "export.csv", refuse)
    question: Question = caught.value.asked
    assert (question.field, question.columns) == (field, columns)
    assert len(question.rows) == 3
    stack = FakeStack()
    files = [("export.csv", text.encode())]
    told = gather(stack, files)["export.csv"]
    assert (told["outcome"], told["question"]["field"]) == ("asked", field)
    assert not shape(stack)
    answered = gather(stack, files, answers={"export.csv": {field: columns[0]}})["export.csv"]
    assert (answered["outcome"], answered["counts"]["operations"]) == ("new", 2)
    live = gather(FakeStack(), files, replies={field: columns[0]})["export.csv"]
    assert (live["outcome"], live["counts"]) == (answered["outcome"], answered["counts"])
    later = text.replace("/02/2024", "/03/2024").encode()
    assert gather(stack, [("next.csv", later)])["next.csv"]["outcome"] == "new"


def test_a_csv_without_account_goes_to_the_account_that_shares_its_operations() -> None:
    stack = FakeStack()
    rows = [f"{day:02}/03/2024;ACHAT {day};-{day},50" for day in range(1, 9)]
    named = "Compte n° 00040123456\n\nDate;Libellé;Montant\n" + "\n".join(rows[:6]) + "\n"
    plain = "Date;Libellé;Montant\n" + "\n".join(rows[2:]) + "\n"
    assert gather(stack, [("a.csv", named.encode())])["a.csv"]["counts"] == {"accounts": 1, "operations": 6}
    assert gather(stack, [("b.csv", plain.encode())])["b.csv"]["counts"] == {"accounts": 0, "operations": 2}


def test_another_accounts_file_of_the_same_name_is_asked_about() -> None:
    stack = FakeStack()

    def export(start: int) -> bytes:
        rows = [f"{day:02}/03/2024;ACHAT {day + start};-{day + start},50" for day in range(1, 9)]
        return ("Date;Libellé;Montant\n" + "\n".join(rows) + "\n").encode()

    assert gather(stack, [("export.csv", export(0))])["export.csv"]["outcome"] == "new"
    told = gather(stack, [("export (1).csv", export(50))])["export (1).csv"]
    assert told["outcome"] == "asked"
    assert told["question"]["choices"][-1]["value"] == "another account"
    answers = {"export (1).csv": "another account"}
    done = gather(stack, [("export (1).csv", export(50))], answers=answers)["export (1).csv"]
    assert done["counts"] == {"accounts": 1, "operations": 8}


def test_other_tables_and_cut_ones_are_refused() -> None:
    with pytest.raises(NotStatement):
        one("Nom;Prénom;Téléphone\nMartin;Jean;0612345678\n")
    with pytest.raises(Truncated):
        one("Date;Libellé;Montant\n01/02/2024;Foo;1,00\n02/02/2024;Ba")
