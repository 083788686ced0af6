"""The operator's side of a server: instances and tokens."""

from __future__ import annotations

from typing import Any

import httpx

from alcove_client.errors import Unreachable, refusal


class Operator:
    """The operator API at `url`, opened by the operator's passphrase."""

    def __init__(self, url: str, passphrase: str, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(base_url=url, auth=("", passphrase), timeout=120, transport=transport)

    def close(self) -> None:
        """Lets go of the connections."""
        self._http.close()

    def _ask(self, method: str, path: str, json: Any = None, **params: str) -> httpx.Response:
        try:
            answer = self._http.request(method, path, params=params or None, json=json)
        except httpx.TransportError as error:
            raise Unreachable(f"no server answers at {self._http.base_url}: {error}") from None
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

    def passphrase(self, domain: str, passphrase: str) -> None:
        """Sets a new passphrase; every session ends."""
        self._ask("PUT", f"/instances/{domain}/passphrase", {"passphrase": passphrase})

    def renew_secrets(self, domain: str, *, now: bool = False) -> None:
        """New secrets to sign with; with `now` everything that the old ones signed ends."""
        self._ask("POST", f"/instances/{domain}/secrets", **({"Now": "true"} if now else {}))

    def token(self, domain: str, audience: str = "cli", subject: str = "CLI", scope: str = "") -> str:
        """A token for an instance."""
        return self._ask(
            "POST", "/instances/token", Domain=domain, Audience=audience, Subject=subject, Scope=scope
        ).text

    def dead_jobs(self) -> list[dict[str, Any]]:
        """Jobs that were given up, of all instances."""
        found: list[dict[str, Any]] = self._ask("GET", "/jobs/dead").json()["data"]
        return found
