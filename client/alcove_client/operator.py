"""The operator's side of a server: instances and tokens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx

from alcove_client.errors import Refused, Unreachable, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator


class Operator:
    """The operator API at `url`, opened by the operator's passphrase."""

    def __init__(self, url: str, passphrase: str, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(base_url=url, auth=("", passphrase), timeout=120, transport=transport)

    def close(self) -> None:
        """Lets go of the connections."""
        self._http.close()

    def _ask(self, method: str, path: str, body: Any = None, **params: str) -> httpx.Response:
        try:
            answer = self._http.request(method, path, params=params or None, json=body)
        except httpx.TransportError as error:
            raise Unreachable(f"no server answers at {self._http.base_url}: {error}") from None
        if answer.status_code == 401:
            raise Refused(401, "the server does not take this operator's passphrase: is ALCOVE_ADMIN_PASSPHRASE right?")
        if answer.status_code >= 400:
            raise refusal(answer)
        return answer

    def instances(self) -> list[dict[str, Any]]:
        """The records of all instances, by domain."""
        found: list[dict[str, Any]] = []
        while True:
            params = {"page[skip]": str(len(found)), "page[limit]": "1000"}
            page = self._ask("GET", "/instances", **params).json()
            found += [item["attributes"] for item in page["data"]]
            if not page["links"].get("next"):
                return found

    def create(self, domain: str, **options: str) -> dict[str, Any]:
        """Makes an instance; `options` as the operator API names them (`Passphrase`, `PublicName`, `Locale`...)."""
        record: dict[str, Any] = self._ask("POST", "/instances", Domain=domain, **options).json()["data"]["attributes"]
        return record

    def show(self, domain: str) -> dict[str, Any]:
        """The record of one instance."""
        record: dict[str, Any] = self._ask("GET", f"/instances/{domain}").json()["data"]["attributes"]
        return record

    def destroy(self, domain: str) -> None:
        """Removes an instance and everything in it."""
        self._ask("DELETE", f"/instances/{domain}")

    def modify(self, domain: str, **options: str) -> dict[str, Any]:
        """Changes an instance; `options` as the operator API names them (`Blocked`, `DiskQuota`, `Locale`...)."""
        answer = self._ask("PATCH", f"/instances/{domain}", **options)
        record: dict[str, Any] = answer.json()["data"]["attributes"]
        return record

    def rename(self, domain: str, new: str) -> None:
        """Gives an instance another domain; its stores keep their name."""
        self._ask("PATCH", f"/instances/{domain}", Domain=new)

    def count(self) -> int:
        """How many instances there are."""
        found: int = self._ask("GET", "/instances/count").json()["count"]
        return found

    def disk_usage(self, domain: str) -> dict[str, Any]:
        """Bytes and numbers of files and old versions, as texts; `quota` when there is one."""
        usage: dict[str, Any] = self._ask("GET", f"/instances/{domain}/disk-usage").json()
        return usage

    def fsck(self, domain: str, **options: str) -> Iterator[dict[str, Any]]:
        """The faults of an instance, while they are found; `options` as the operator API names them (`FailFast`...)."""
        return self._lines("GET", f"/instances/{domain}/fsck", "check", options)

    def scrub(self, domain: str, folder: str = "") -> Iterator[dict[str, Any]]:
        """Reads every byte of an instance and mends what it can; the report as it grows.

        `folder` is one of the server's machine: a copy of the data folder.
        """
        return self._lines("POST", f"/instances/{domain}/scrub", "scrub", {"From": folder} if folder else {})

    def scrub_report(self, domain: str) -> dict[str, Any]:
        """What the last scrub of an instance found."""
        found: dict[str, Any] = self._ask("GET", f"/instances/{domain}/scrub").json()
        return found

    def adopt(self, domain: str, handed: str, name: str, dir_id: str, dates: dict[str, str]) -> dict[str, Any]:
        """Makes a file of one that was handed over on the server's disk."""
        said = {"Handed": handed, "Name": name, "DirID": dir_id, **dates}
        made: dict[str, Any] = self._ask("POST", f"/instances/{domain}/adopt", **said).json()
        return made

    def _lines(self, method: str, path: str, what: str, options: dict[str, str]) -> Iterator[dict[str, Any]]:
        """An answer whose lines are JSON objects, as they come."""
        try:
            with self._http.stream(method, path, params=options, timeout=None) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise refusal(answer)
                for line in answer.iter_lines():
                    yield json.loads(line)
        except httpx.TransportError as error:
            raise Unreachable(f"the {what} was cut off: {error}") from None

    def notify(self, domain: str, notification: dict[str, Any]) -> dict[str, Any]:
        """Lets a person know something: `category`, `title`, `message`..."""
        kept = self._ask("POST", f"/instances/{domain}/notifications", {"notification": notification})
        document: dict[str, Any] = kept.json()
        return document

    def closed_connectors(self) -> list[dict[str, Any]]:
        """The connectors that are out of service, each with its options."""
        return [one["attributes"] for one in self._ask("GET", "/konnectors/maintenance").json()["data"]]

    def close_connector(self, slug: str, options: dict[str, Any]) -> None:
        """Takes a connector out of service on the whole server."""
        self._ask("PUT", f"/konnectors/maintenance/{slug}", {"data": {"attributes": options}})

    def open_connector(self, slug: str) -> None:
        """Puts a connector back into service."""
        self._ask("DELETE", f"/konnectors/maintenance/{slug}")

    def account_types(self) -> list[dict[str, Any]]:
        """The providers that accounts come from: `type`, their members, and the names of their `secrets`."""
        found = self._ask("GET", "/accounts/types").json()["data"]
        return [{"type": one["id"], **one["attributes"]} for one in found]

    def define_account_type(self, ident: str, members: dict[str, Any]) -> None:
        """Writes a provider; a secret that is not said stays, None takes it away."""
        self._ask("PUT", f"/accounts/types/{ident}", {"data": {"attributes": members}})

    def drop_account_type(self, ident: str) -> None:
        """Forgets a provider, with its secrets."""
        self._ask("DELETE", f"/accounts/types/{ident}")

    def remote_requests(self) -> list[dict[str, Any]]:
        """What apps may have asked of other servers: `doctype`, `request`, and the names of `secrets`."""
        found = self._ask("GET", "/remote").json()["data"]
        return [{"doctype": one["id"], **one["attributes"]} for one in found]

    def define_remote(self, doctype: str, request: str, secrets: dict[str, str | None]) -> None:
        """Defines the request of a doctype; a secret that is None is taken away."""
        said = {"data": {"attributes": {"request": request, "secrets": secrets}}}
        self._ask("PUT", f"/remote/{doctype}", said)

    def drop_remote(self, doctype: str) -> None:
        """Forgets the request of a doctype, with its secrets."""
        self._ask("DELETE", f"/remote/{doctype}")

    def debug(self, domain: str, lasting: str = "") -> None:
        """Logs every request of an instance for a while, such as `30m`; "0" ends it."""
        if lasting == "0":
            self._ask("DELETE", f"/instances/{domain}/debug")
        else:
            self._ask("POST", f"/instances/{domain}/debug", **({"TTL": lasting} if lasting else {}))

    def end_sessions(self, domain: str) -> None:
        """Ends every session of an instance."""
        self._ask("DELETE", f"/instances/{domain}/sessions")

    def contexts(self) -> list[dict[str, Any]]:
        """The contexts of the settings."""
        found: list[dict[str, Any]] = self._ask("GET", "/instances/contexts").json()
        return found

    def flags(self, layer: str) -> Any:
        """What a layer of feature flags says: `DOMAIN/feature/flags`, `feature/defaults`, `feature/contexts/NAME`..."""
        return self._ask("GET", f"/instances/{layer}").json()

    def change_flags(self, layer: str, patch: dict[str, Any]) -> Any:
        """Sets flags of a layer, None takes one away; all of them then."""
        return self._ask("PATCH", f"/instances/{layer}", patch).json()

    def choose_sets(self, domain: str, names: list[str]) -> list[str]:
        """Gives an instance these sets of flags, in place of those it had."""
        chosen: list[str] = self._ask("PUT", f"/instances/{domain}/feature/sets", names).json()
        return chosen

    def add_client(self, domain: str, redirect: str, name: str, software: str) -> dict[str, Any]:
        """A client that nobody needs to let in, with its id and its secrets."""
        said = {"RedirectURI": redirect, "ClientName": name, "SoftwareID": software, "AllowLoginScope": "false"}
        client: dict[str, Any] = self._ask("POST", "/instances/oauth_client", Domain=domain, **said).json()
        return client

    def find_client(self, domain: str, software: str) -> dict[str, Any]:
        """The client that says it is this program."""
        found = self._ask("GET", "/instances/oauth_client", domain=domain, software_id=software)
        client: dict[str, Any] = found.json()
        return client

    def remove_clients(self, domain: str, kind: str = "") -> int:
        """Removes the clients of a kind, or all; how many there were."""
        gone: int = self._ask("DELETE", f"/oauth/{domain}/clients", **({"Kind": kind} if kind else {})).json()["count"]
        return gone

    def passphrase(self, domain: str, passphrase: str) -> None:
        """Sets a new passphrase; every session ends."""
        self._ask("PUT", f"/instances/{domain}/passphrase", {"passphrase": passphrase})

    def renew_secrets(self, domain: str, *, now: bool = False) -> None:
        """New secrets to sign with; with `now` everything that the old ones signed ends."""
        self._ask("POST", f"/instances/{domain}/secrets", **({"Now": "true"} if now else {}))

    def token(self, domain: str, audience: str = "cli", subject: str = "CLI", scope: str = "", expire: str = "") -> str:
        """A token for an instance; `expire` is a time such as `1h30m`."""
        said = {"Domain": domain, "Audience": audience, "Subject": subject, "Scope": scope, "Expire": expire}
        return self._ask("POST", "/instances/token", None, **said).text

    def dead_jobs(self) -> list[dict[str, Any]]:
        """Jobs that were given up, of all instances."""
        found: list[dict[str, Any]] = self._ask("GET", "/jobs/dead").json()["data"]
        return found
