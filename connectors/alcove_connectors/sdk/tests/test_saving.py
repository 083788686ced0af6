"""The kit's promise: whatever is saved twice is there once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alcove_connectors.sdk import (
    BadInput,
    BillEntry,
    Connector,
    Context,
    FileEntry,
    Input,
    StackError,
    account_doc_id,
    save_accounts,
    save_bills,
    save_files,
    save_operations,
    update_or_create,
)
from alcove_connectors.sdk.testing import FakeStack, context_for, results

if TYPE_CHECKING:
    from pathlib import Path

BILL = {"vendor": "EDF", "date": "2026-01-02T00:00:00.000Z", "amount": 12.3, "currency": "EUR"}


class Reader(Connector):
    slug = "reader"

    def take(self, ctx: Context, item: Input) -> None:
        content = item.read(100)
        if content == b"bad":
            raise BadInput("It is bad.")
        if content == b"bug":
            raise ValueError("oops")
        ctx.result(item, "new", counts={"files": 1})


def operation(number: int) -> dict[str, Any]:
    account = account_doc_id("FR76")
    common = {"vendorAccountId": "FR76", "account": account, "currency": "EUR", "date": "2026-01-02T00:00:00.000Z"}
    return {"vendorId": f"op-{number}", "amount": -number, "label": f"OP {number}", **common}


def test_each_input_gets_its_own_result(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("good", "bad", "bug", "large")]
    for path in paths:
        path.write_bytes(path.name.encode())
    paths[3].write_bytes(b"x" * 101)
    ctx, lines = context_for(Reader, paths)
    Reader().run(ctx)
    outcomes = {name: line["outcome"] for name, line in results(lines).items()}
    assert outcomes == {"0": "new", "1": "error", "2": "error", "3": "error"}
    assert results(lines)["1"]["reason"] == "It is bad."
    assert lines[-1] == {"type": "progress", "done": 4, "total": 4, "label": ""}


def test_operations_are_stored_once() -> None:
    stack = FakeStack()
    ctx, _ = context_for(Reader, stack=stack)
    first = save_operations(ctx, [operation(n) for n in range(1200)])
    again = save_operations(ctx, [operation(n) for n in range(600, 1300)])
    assert (first.new, first.known, again.new, again.known) == (1200, 0, 100, 600)
    assert len(stack.all("io.cozy.bank.operations")) == 1300
    stored = stack.all("io.cozy.bank.operations")[0]
    assert stored["cozyMetadata"]["createdByApp"] == "reader"
    assert stored["cozyMetadata"]["sourceAccount"] == "fake-account"
    assert stored["cozyMetadata"]["updatedByApps"][0]["slug"] == "reader"


def test_the_same_operation_twice_in_one_batch_is_one() -> None:
    ctx, _ = context_for(Reader)
    saved = save_operations(ctx, [operation(1), operation(1)])
    assert (saved.new, saved.known) == (1, 1)
    assert saved.documents[0]["_id"] == saved.documents[1]["_id"]


def test_an_older_statement_does_not_move_the_balance() -> None:
    stack = FakeStack()
    ctx, _ = context_for(Reader, stack=stack)
    account = {"vendorId": "FR76", "label": "Compte", "balance": 10.0, "balanceDate": "2026-02-01"}
    assert save_accounts(ctx, [account]).new == 1
    (stored,) = stack.all("io.cozy.bank.accounts")
    stack.update("io.cozy.bank.accounts", {**stored, "label": "Renamed"})
    assert save_accounts(ctx, [{**account, "balance": 5.0, "balanceDate": "2026-01-01"}]).known == 1
    newer = save_accounts(ctx, [{**account, "balance": 7.0, "balanceDate": "2026-03-01", "iban": "FR76"}])
    assert newer.changed == 1
    (stored,) = stack.all("io.cozy.bank.accounts")
    assert (stored["label"], stored["balance"], stored["iban"]) == ("Renamed", 7.0, "FR76")
    assert stored["relationships"]["connection"]["data"]["_id"] == "fake-account"


def test_a_bill_and_its_file_name_each_other() -> None:
    stack = FakeStack()
    ctx, _ = context_for(Reader, stack=stack)
    for _ in range(2):
        (file,) = save_files(ctx, [FileEntry("edf.pdf", b"%PDF", id_attributes=("edf", "17"))])
        saved = save_bills(ctx, [BillEntry(BILL, file)])
    assert (saved.new, saved.known) == (0, 1)
    (bill,) = stack.all("io.cozy.bills")
    assert bill["invoice"] == f"io.cozy.files:{file.id}"
    assert bill["relationships"]["document"]["data"] == {"_id": file.id, "_type": "io.cozy.files"}
    stored = stack.documents["io.cozy.files"][file.id]
    assert stored["referenced_by"] == [{"type": "io.cozy.bills", "id": bill["_id"]}]
    assert stack.paths() == ["/Administrative/Reader/edf.pdf"]


def test_a_run_cut_off_before_the_reference_is_repaired() -> None:
    stack = FakeStack()
    ctx, _ = context_for(Reader, stack=stack)
    (file,) = save_files(ctx, [FileEntry("edf.pdf", b"%PDF")])
    stack.fail_on = lambda _method, path: 500 if path.endswith("referenced_by") else 0
    with pytest.raises(StackError):
        save_bills(ctx, [BillEntry(BILL, file)])
    stack.fail_on = lambda _method, _path: 0
    (file,) = save_files(ctx, [FileEntry("edf.pdf", b"%PDF")])
    save_bills(ctx, [BillEntry(BILL, file)])
    assert len(stack.documents["io.cozy.files"][file.id]["referenced_by"]) == 1


def test_numbers_tell_two_bills_of_one_day_apart() -> None:
    stack = FakeStack()
    ctx, _ = context_for(Reader, stack=stack)
    save_bills(ctx, [BillEntry({**BILL, "vendorRef": "1"}), BillEntry({**BILL, "vendorRef": "2"})])
    save_bills(ctx, [BillEntry({**BILL, "date": "2026-01-02", "vendorRef": "2"}), BillEntry(BILL)])
    assert len(stack.all("io.cozy.bills")) == 2


def test_bills_are_looked_up_by_vendor_and_day_only() -> None:
    stack = FakeStack()
    ctx, _ = context_for(Reader, stack=stack)
    save_bills(ctx, [BillEntry(BILL)])
    assert not [path for _, path in stack.requests if path.endswith("_all_docs")]


def test_other_content_under_the_same_name_is_kept_beside() -> None:
    stack = FakeStack()
    ctx, _ = context_for(Reader, stack=stack)
    one, two, again = save_files(ctx, [FileEntry("a.pdf", content) for content in (b"1", b"2", b"2")])
    assert (one.outcome, two.outcome, again.outcome) == ("new", "new", "known")
    assert stack.paths() == ["/Administrative/Reader/a (2).pdf", "/Administrative/Reader/a.pdf"]


def test_a_replaced_file_keeps_its_id() -> None:
    stack = FakeStack()
    ctx, _ = context_for(Reader, stack=stack)
    entries = [FileEntry("a.pdf", content, id_attributes=("a",), replace=True) for content in (b"1", b"2")]
    one, two = save_files(ctx, entries)
    assert (one.id, two.outcome) == (two.id, "replaced")
    assert stack.contents[one.id] == b"2"


def test_update_or_create_leaves_the_other_fields() -> None:
    stack = FakeStack()
    ctx, _ = context_for(Reader, stack=stack)
    update_or_create(ctx, "org.example", [{"vendorId": "1", "a": 1}])
    (stored,) = stack.all("org.example")
    stack.update("org.example", {**stored, "mine": True})
    assert update_or_create(ctx, "org.example", [{"vendorId": "1", "a": 1}]).known == 1
    assert update_or_create(ctx, "org.example", [{"vendorId": "1", "a": 2}]).changed == 1
    (stored,) = stack.all("org.example")
    assert (stored["a"], stored["mine"]) == (2, True)


def test_state_is_stored_when_committed_only() -> None:
    stack = FakeStack()
    ctx, _ = context_for(Reader, stack=stack)
    ctx.state["cursor"] = 3
    again, _ = context_for(Reader, stack=stack)
    assert again.state == {}
    ctx.commit_state()
    again, _ = context_for(Reader, stack=stack)
    assert again.state == {"cursor": 3}


def test_secrets_are_masked_in_lines() -> None:
    stack = FakeStack()
    account = {"_id": "fake-account", "auth": {"login": "me@example.org", "password": "hunter22"}}
    stack.add("io.cozy.accounts", account)
    ctx, lines = context_for(Reader, stack=stack)
    ctx.log.info("me@example.org logs in with hunter22")
    assert lines == [{"type": "info", "message": "me@example.org logs in with ***"}]
