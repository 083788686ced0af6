"""`alcove money`: operations with their bills, why they belong together, and the person's word on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click
from alcove_client import ClientError
from rich.console import Console
from rich.table import Table

from alcove.base.config import read_settings
from alcove.cli.running import pick, running

if TYPE_CHECKING:
    from alcove_client import Place

SCOPE = "io.cozy.bank.accounts io.cozy.bank.operations io.cozy.bills org.alcove.money.links"
STATES = ("linked", "to_confirm", "unlinked")
SHORT = 10
"""Characters of an id that a table shows; whoever asks why may write them instead of the whole id."""
MARKS = {"linked": "✓", "to_confirm": "?"}
_instance = click.option("--instance", "domain", help="The instance that is meant, when there are several.")
_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.group()
def money() -> None:
    """Show operations with their bills and why they belong together; confirm or refuse links."""


@money.command("list")
@click.option("--account", help="Only this account (its id).")
@click.option("--month", help="Only this month, such as 2026-03.")
@click.option("--text", help="Only what says this: a word of the label, or an amount.")
@click.option("--state", type=click.Choice(STATES), help="Only operations that are linked, to confirm, or unlinked.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="How many.")
@click.option("--skip", default=0, type=click.IntRange(0), help="How many to leave out first.")
@_instance
@_json
def show(domain: str | None, *, as_json: bool, limit: int, skip: int, **filters: str | None) -> None:
    """List operations, the newest first, each with its category, its bill and how sure that is."""
    params = {name: value for name, value in filters.items() if value}
    params |= {"page[limit]": str(limit), "page[skip]": str(skip)}
    with running(read_settings()) as server:
        place = server.place(pick(server, domain), SCOPE)
        place.money()  # what was gathered a moment ago is linked first
        found = [
            {"id": item["id"], **item["attributes"]}
            for item in place.ask("GET", "/money/operations", params=params)["data"]
        ]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("Date", "Amount", "Label", "Category", "Bill", "Id"):
        fixed = heading in ("Date", "Amount", "Id")
        table.add_column(heading, justify="right" if heading == "Amount" else "left", no_wrap=fixed, overflow="fold")
    for item in found:
        amount = f"{item.get('amount', 0):,.2f} {item.get('currency', 'EUR')}"
        bills = "\n".join(_bill(bill) for bill in item["bills"])
        category = item["categoryName"] if item["category"] != "0" else ""
        label = str(item.get("label") or item.get("originalBankLabel") or "")
        table.add_row(str(item.get("date", ""))[:10], amount, label, category, bills, item["id"][:SHORT])
    Console(markup=False, highlight=False).print(table)


def _bill(bill: dict[str, Any]) -> str:
    mark = MARKS.get(bill["status"], "")
    return f"{mark} {bill.get('vendor', bill['id'])} {bill.get('amount', 0):,.2f} ({bill['probability']:.0%})"


@money.command("why")
@click.argument("ident", metavar="ID")
@_instance
@_json
def why(ident: str, domain: str | None, *, as_json: bool) -> None:
    """Tell why an operation or a bill is linked as it is, and what came near.

    ID is that of either, or its beginning as `alcove money list` shows it.
    """
    with running(read_settings()) as server:
        place = server.place(pick(server, domain), SCOPE)
        ident = _whole(place, ident)
        said = place.ask("GET", f"/money/why/{quote(ident, safe='')}")["data"]["attributes"]
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    console = Console(markup=False, highlight=False)
    console.print(_side(said))
    for link in said["links"]:
        other = link["bill"] if said["about"].endswith("operations") else link["operation"]
        how = {"person": "by you", "other": "by another program"}.get(
            link["decided_by"], f"{link['probability']:.0%} sure"
        )
        console.print(f"\n{_STATUS[link['status']]} ({how}): {_side(other)}\n  link {link['link']}")
        for reason in link["reasons"]:
            console.print(f"  {reason['weight']:+6.1f}  {reason['text']}")
    if not said["links"]:
        console.print("\nNot linked.")
    if said["near"]:
        console.print("\nWhat came near:")
    for near in said["near"]:
        other = near["bill"] if said["about"].endswith("operations") else near["operation"]
        console.print(f"  {_side(other)}: {near['against']}")


def _whole(place: Place, beginning: str) -> str:
    """The one id that begins like this; what begins none is taken as it is. Raises `ClientError` for several."""
    params = {"startkey": json.dumps(beginning), "endkey": json.dumps(beginning + "\ufff0"), "limit": "2"}
    found: list[str] = []
    for doctype in ("io.cozy.bank.operations", "io.cozy.bills"):
        found += [row["id"] for row in place.ask("GET", f"/data/{doctype}/_all_docs", params=params)["rows"]]
    if beginning in found or not found:
        return beginning
    if len(found) > 1:
        raise ClientError(f"More than one id begins with {beginning}: write more of it")
    return found[0]


_STATUS = {"linked": "Linked", "to_confirm": "To confirm", "refused": "Refused"}


def _side(item: dict[str, Any]) -> str:
    name = item.get("label") or item.get("vendor") or item.get("id", "")
    return f"{item.get('date', '')}  {item.get('amount', 0):,.2f} {item.get('currency', '')}  {name}".strip()


def _decide(verb: str, link: str, domain: str | None) -> None:
    with running(read_settings()) as server:
        place: Place = server.place(pick(server, domain), SCOPE)
        said = place.ask("POST", f"/money/links/{quote(link, safe='')}/{verb}")["data"]["attributes"]
    click.echo(f"{_STATUS[said['status']]}: {said['vendor']}, {said['date']}")


@money.command("confirm")
@click.argument("link")
@_instance
def confirm(link: str, domain: str | None) -> None:
    """Say that a link is right."""
    _decide("confirm", link, domain)


@money.command("refuse")
@click.argument("link")
@_instance
def refuse(link: str, domain: str | None) -> None:
    """Say that a proposed link is wrong: it is never proposed again."""
    _decide("refuse", link, domain)


@money.command("unlink")
@click.argument("link")
@_instance
def unlink(link: str, domain: str | None) -> None:
    """Say that a link that was made is wrong: it is never made again."""
    _decide("unlink", link, domain)
