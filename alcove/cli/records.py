"""What a command line says of an instance, and what that is called in the operator API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

UNITS = {
    **{"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12},
    **{"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40},
}
"""Bytes of each unit."""
_SIZE = re.compile(r"(\d{1,15})\s*([A-Za-z]*)")

TEXTS = (
    ("name", "PublicName", "The person's name."),
    ("email", "Email", "The person's mail address."),
    ("phone", "Phone", "The person's telephone number."),
    ("timezone", "Timezone", "Such as Europe/Paris."),
    ("locale", "Locale", "The language: fr or en."),
    ("context", "ContextName", "The context of the settings that holds for it."),
    ("uuid", "UUID", "Its name in the books of who hosts it."),
    ("oidc-id", "OIDCID", "What another provider of logins calls the person."),
    ("org-domain", "OrgDomain", "The domain of the person's organization."),
    ("org-id", "OrgID", "The id of the person's organization."),
    ("old-domain", "OldDomain", "A domain of before, which leads here."),
    ("tos", "TOSSigned", "The version of the terms of service that was signed."),
    ("tos-latest", "TOSLatest", "The newest version, with its day: 2.0.0-20300101."),
    ("auth-mode", "AuthMode", "basic, two_factor_mail or two_factor_oidc."),
)
"""Options that are passed on as they are."""
LISTS = (
    ("alias", "DomainAliases", "Another domain that it answers at; can be said again."),
    ("sponsor", "Sponsorships", "Who pays for it; can be said again."),
    ("setting", "Settings", "A setting as KEY:VALUE; can be said again."),
)
"""Options that are passed on joined by commas."""


class Size(click.ParamType[str]):
    """A number of bytes, written as people do: 500MB, 2G, or none for no limit."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The bytes as the operator API takes them."""
        if str(value).lower() == "none":
            return "-1"
        found = _SIZE.fullmatch(str(value).strip())
        if found is None or found[2].upper() not in UNITS:
            self.fail(f"{value!r} is no size: 500MB, 2G, 1000000 or none are", param, ctx)
        return str(int(found[1]) * UNITS[found[2].upper()])


def record_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options by which a command says what an instance shall be."""
    command = click.option("--quota", type=Size(), help="Bytes that its files may take: 500MB, 2G, none.")(command)
    command = click.option("--auto-update/--no-auto-update", default=None, help="Update its apps.")(command)
    for option, _, text in reversed(LISTS):
        command = click.option(f"--{option}", multiple=True, help=text)(command)
    for option, _, text in reversed(TEXTS):
        command = click.option(f"--{option}", default=None, help=text)(command)
    return command


def parameters(said: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of the operator API for the options that were given."""
    found = {name: said[option.replace("-", "_")] for option, name, _ in TEXTS}
    found |= {name: ",".join(said[option]) for option, name, _ in LISTS}
    found["DiskQuota"] = said["quota"]
    if said["auto_update"] is not None:
        found["AutoUpdate"] = "true" if said["auto_update"] else "false"
    return {name: str(value) for name, value in found.items() if value}
