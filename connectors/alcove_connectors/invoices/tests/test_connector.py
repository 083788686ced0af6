"""Runs of the connector on a server in memory: what lies there afterwards, and that a second run changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alcove_connectors.invoices.connector import Invoices
from alcove_connectors.invoices.filing import sane
from alcove_connectors.invoices.issuers import ISSUERS, KINDS, bank_pattern, by_name, kind_of
from alcove_connectors.invoices.naming import is_siren
from alcove_connectors.invoices.reader import Reader
from alcove_connectors.invoices.tests.papers import PAPERS, attach, cii, draw, encrypted
from alcove_connectors.sdk.testing import FakeStack, context_for, results

if TYPE_CHECKING:
    from collections.abc import Iterator

BY_NAME = {paper.name: paper for paper in PAPERS}


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """One reading process for all tests here: its start is what costs time."""

    class Kept(Reader):
        def close(self) -> None:
            """Stays for the next test."""

    kept = Kept()
    yield kept
    Reader.close(kept)


class Place:
    """A person's place with what was given to the connector."""

    def __init__(self, folder: Path, reader: Reader) -> None:
        self.folder = folder
        self.reader = reader
        self.stack = FakeStack()

    def give(self, files: dict[str, bytes], locale: str = "en", **fields: Any) -> dict[str, dict[str, Any]]:
        """Runs the connector over these files; the results by file name."""
        paths = []
        for name, content in files.items():
            path = self.folder / name
            path.write_bytes(content)
            paths.append(path)
        ctx, lines = context_for(Invoices, paths, self.stack, **fields)
        ctx.locale = locale
        Invoices(self.reader).run(ctx)
        return {paths[int(number)].name: result for number, result in results(lines).items()}

    def stored(self) -> str:
        """Everything that is stored, as text to compare."""
        return json.dumps(self.stack.dump(), sort_keys=True)

    @property
    def bills(self) -> list[dict[str, Any]]:
        return self.stack.all("io.cozy.bills")

    @property
    def files(self) -> list[dict[str, Any]]:
        return [entry for entry in self.stack.all("io.cozy.files") if entry["type"] == "file"]


@pytest.fixture
def place(tmp_path: Path, reader: Reader) -> Place:
    return Place(tmp_path, reader)


def pdf(name: str) -> bytes:
    return draw(BY_NAME[name].rows)


def test_an_invoice_becomes_a_file_and_a_bill_that_name_each_other(place: Place) -> None:
    outcome = place.give({"scan.pdf": pdf("edf")})["scan.pdf"]
    assert (outcome["outcome"], outcome["counts"]) == ("new", {"files": 1, "bills": 1})
    assert place.stack.paths() == ["/Administrative/Invoices/EDF/2026-03-12_EDF_84.20EUR.pdf"]
    (bill,), (file,) = place.bills, place.files
    assert (bill["vendor"], bill["amount"], bill["currency"]) == ("EDF", 84.2, "EUR")
    assert (bill["date"], bill["dueDate"]) == ("2026-03-12T00:00:00.000Z", "2026-03-27T00:00:00.000Z")
    assert (bill["vendorRef"], bill["isRefund"], bill["type"]) == ("10123456789", False, "energy")
    assert bill["matchingCriterias"] == {"labelRegex": r"\bedf\b"}
    assert (bill["vat"]["amount"], bill["vat"]["net"]) == (12.09, 72.11)
    assert bill["invoice"] == f"io.cozy.files:{file['_id']}"
    assert bill["relationships"]["document"]["data"] == {"_id": file["_id"], "_type": "io.cozy.files"}
    assert bill["cozyMetadata"]["createdByApp"] == "invoices"
    assert file["referenced_by"] == [{"type": "io.cozy.bills", "id": bill["_id"]}]
    metadata = file["metadata"]
    assert metadata["qualification"] == {"label": "energy_invoice", "purpose": "invoice", "sourceCategory": "energy"}
    assert metadata["datetime"] == metadata["issueDate"] == "2026-03-12T00:00:00.000Z"
    assert (metadata["invoiceNumber"], metadata["contentAuthor"]) == ("10123456789", "EDF")
    assert file["mime"] == "application/pdf"


def test_again_adds_nothing(place: Place) -> None:
    files = {f"{name}.pdf": pdf(name) for name in ("edf", "free", "maif", "quote")} | {"locked.pdf": encrypted()}
    place.give(files)
    before = place.stored()
    again = place.give(files)
    assert place.stored() == before
    assert [again[f"{name}.pdf"]["outcome"] for name in ("edf", "free", "maif")] == ["known"] * 3
    assert all(not any(result["counts"].values()) for result in again.values())


def test_the_same_invoice_in_another_pdf_adds_nothing(place: Place) -> None:
    place.give({"a.pdf": pdf("free")})
    result = place.give({"b.pdf": draw(BY_NAME["free"].rows, pages=2)})["b.pdf"]
    assert (result["outcome"], len(place.bills), len(place.files)) == ("known", 1, 1)
    assert "2026-01-02_Free_39.99EUR.pdf" in result["reason"]


def test_one_number_in_two_years_is_two_invoices(place: Place) -> None:
    later = tuple(tuple(str(part).replace("2026", "2027") for part in row) for row in BY_NAME["plumber"].rows)
    later = tuple(tuple(part.replace("2027-031", "2026-031") for part in row) for row in later)
    place.give({"a.pdf": pdf("plumber"), "b.pdf": draw(later)})
    assert [bill["vendorRef"] for bill in place.bills] == ["2026-031", "2026-031"]
    assert len(place.files) == 2


def test_two_tickets_without_number_are_both_kept(place: Place) -> None:
    place.give({"a.pdf": pdf("sncf-connect"), "b.pdf": draw(BY_NAME["sncf-connect"].rows, pages=2)})
    assert len(place.files) == 2


def test_a_run_cut_off_before_the_bill_is_finished_by_the_next(place: Place) -> None:
    place.stack.fail_on = lambda method, path: 500 if path.endswith("_bulk_docs") else 0
    with pytest.raises(Exception, match="bulk_docs"):
        place.give({"a.pdf": pdf("edf")})
    assert (len(place.files), place.bills) == (1, [])
    place.stack.fail_on = lambda method, path: 0
    assert place.give({"a.pdf": pdf("edf")})["a.pdf"]["counts"] == {"files": 0, "bills": 1}
    assert place.files[0]["referenced_by"][0]["id"] == place.bills[0]["_id"]


def test_what_is_not_understood_is_kept_with_its_reason(place: Place) -> None:
    jpeg = Path(__file__).with_name("dot.jpg").read_bytes()
    found = place.give(
        {"quote.pdf": pdf("quote"), "photo": jpeg, "no.pdf": b"not a PDF \x00", "locked.pdf": encrypted()}
    )
    assert {name: result["outcome"] for name, result in found.items()} == {
        "quote.pdf": "not_understood",
        "photo": "not_understood",
        "no.pdf": "error",
        "locked.pdf": "error",
    }
    assert found["photo"]["reason"].startswith("The file is a picture")
    assert "password" in found["locked.pdf"]["reason"]
    folder = "/Administrative/Invoices/To sort"
    assert place.stack.paths() == [f"{folder}/{name}" for name in ("locked.pdf", "photo.jpg", "quote.pdf")]
    assert place.bills == []


def test_one_bad_file_does_not_lose_the_others(place: Place) -> None:
    found = place.give({"1.pdf": b"%PDF-1.7 broken", "2.pdf": pdf("engie"), "3.pdf": b"", "4.xml": cii()})
    assert [found[name]["outcome"] for name in sorted(found)] == ["error", "new", "error", "new"]
    assert {bill["vendor"] for bill in place.bills} == {"Engie", "Au bon moulin"}


def test_a_credit_note_is_a_refund_with_a_positive_amount(place: Place) -> None:
    place.give({"a.pdf": pdf("credit-note"), "b.pdf": attach(pdf("letter"), "factur-x.xml", cii(code="381"))})
    assert [(bill["amount"], bill["isRefund"]) for bill in place.bills] == [(39.99, True), (120.0, True)]
    assert place.stack.paths()[-1].endswith("2026-08-14_Boulanger_-39.99EUR.pdf")


def test_where_somebody_else_collects_both_names_may_be_on_the_statement(place: Place) -> None:
    place.give({"a.xml": cii()})
    criteria = place.bills[0]["matchingCriterias"]
    assert criteria["labelRegex"] == r"\bmoulin|\bfactoring"
    assert criteria["dateUpperDelta"] == 40, "due a month later: the payment is looked for as long"


def test_the_administrative_folder_is_found_by_its_reference(place: Place) -> None:
    found = {"type": "io.cozy.files", "id": "adm", "attributes": {"type": "directory", "path": "/Paperasse"}}
    real = place.stack.send

    def send(method: str, target: str, body: Any, headers: Any) -> Any:
        answer = real(method, target, body, headers)
        if "relationships/references" not in target:
            return answer
        return type(answer)(200, {}, json.dumps({"data": [], "included": [found]}).encode())

    place.stack.send = send  # type: ignore[method-assign]  # one route that the fake does not have
    place.give({"a.pdf": pdf("edf"), "q.pdf": pdf("quote")}, locale="fr")
    assert place.stack.paths() == [
        "/Paperasse/Factures/EDF/2026-03-12_EDF_84.20EUR.pdf",
        "/Paperasse/Factures/À trier/q.pdf",
    ]


def test_the_folder_of_the_account_goes_first(place: Place) -> None:
    folder = place.stack.make_folder("/Mes papiers")
    place.give({"a.pdf": pdf("edf")}, folder_to_save=folder["id"])
    assert place.stack.paths() == ["/Mes papiers/EDF/2026-03-12_EDF_84.20EUR.pdf"]


def test_the_table_of_issuers_is_sound() -> None:
    assert all(is_siren(issuer.siren) for issuer in ISSUERS if issuer.siren)
    assert all(by_name(issuer.name) is issuer for issuer in ISSUERS)
    assert all(issuer.kind in KINDS.values() for issuer in ISSUERS)


def test_names_are_known_by_their_first_words_only_when_these_are_telling() -> None:
    assert kind_of("Carrefour Drive SAS", "") == "grocery"
    assert bank_pattern("Free range farms") == ""
    assert bank_pattern("EDF SA") == r"\bedf\b"


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("a/b\\c:d", "a b c d"),
        ("..", "_"),
        ("", "_"),
        ("\u202ecod.exe", "cod.exe"),
        ("x" * 200, "x" * 80),
        ("Éco.", "Éco"),
    ],
)
def test_names_are_made_safe(name: str, clean: str) -> None:
    assert sane(name) == clean
