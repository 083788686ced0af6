"""One instance as a client sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from alcove_client.errors import Refused, Unreachable, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHUNK = 1 << 20


class Place:
    """The instance `domain` on the server at `url`, opened by a token."""

    def __init__(self, url: str, domain: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self.domain = domain
        headers = {"Host": domain, "Authorization": f"Bearer {token}", "Accept": "application/vnd.api+json"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=300, transport=transport)

    def close(self) -> None:
        """Lets go of the connections."""
        self._http.close()

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """The decoded JSON of an answer (None for an empty one); raises `Refused`, `Unreachable`."""
        try:
            answer = self._http.request(method, path, **more)
        except httpx.TransportError as error:
            raise Unreachable(f"the server does not answer: {error}") from None
        if answer.status_code >= 400:
            raise refusal(answer)
        return answer.json() if answer.content else None

    def document(self, doctype: str, doc_id: str) -> dict[str, Any]:
        """One document."""
        found: dict[str, Any] = self.ask("GET", f"/data/{doctype}/{quote(doc_id, safe='')}")
        return found

    def documents(self, doctype: str) -> list[dict[str, Any]]:
        """Every document of a type; none when there never was one."""
        found: list[dict[str, Any]] = []
        bookmark = ""
        while True:
            params = {"limit": "1000", "bookmark": bookmark}
            page = self.ask("GET", f"/data/{doctype}/_normal_docs", params=params)
            found += page["rows"]
            bookmark = page.get("bookmark") or ""
            if not bookmark or len(page["rows"]) < 1000:
                return found

    def ensure_directory(self, path: str) -> str:
        """The id of the directory of that path, made with those above it where missing."""
        params = {"Type": "directory", "Path": path, "Recursive": "true"}
        made: dict[str, Any] = self.ask("POST", "/files/", params=params)
        return str(made["data"]["id"])

    def file_at(self, path: str) -> dict[str, Any] | None:
        """What is at that path: its attributes; None when nothing is."""
        try:
            found: dict[str, Any] = self.ask("GET", "/files/metadata", params={"Path": path})
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        attributes: dict[str, Any] = found["data"]["attributes"]
        return attributes

    def upload(
        self, file: Path, dir_id: str, name: str, dates: dict[str, str], told: Callable[[int], None] = lambda _: None
    ) -> str:
        """Sends a file, streamed; the MD5 of its bytes in base64, as the server has it. Raises `OSError`."""
        params = {"Type": "file", "Name": name, "Size": str(file.stat().st_size), **dates}
        with file.open("rb") as content:

            def parts() -> Iterator[bytes]:
                while part := content.read(CHUNK):
                    told(len(part))
                    yield part

            made: dict[str, Any] = self.ask(
                "POST",
                f"/files/{quote(dir_id, safe='')}",
                params=params,
                content=parts(),
                headers={"Content-Type": "application/octet-stream"},
            )
        return str(made["data"]["attributes"]["md5sum"])

    def intake(self, file: Path, name: str, told: Callable[[int], None] = lambda _: None) -> str:
        """Hands a file over to be gathered, streamed; `told` hears the bytes of each part. Answers its id.

        Raises `OSError` when it cannot be read, or shrinks meanwhile; what is written to it meanwhile is not sent.
        """
        size = file.stat().st_size

        def parts() -> Iterator[bytes]:
            left = size
            with file.open("rb") as source:
                while left:
                    part = source.read(min(CHUNK, left))
                    if not part:
                        raise OSError("it became shorter while it was read: try again")
                    left -= len(part)
                    yield part
                    told(len(part))

        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        said = self.ask("POST", "/connectors/intake", params={"Name": name}, content=parts(), headers=headers)
        ident: str = said["data"]["id"]
        return ident

    def take_back(self, intake_id: str) -> None:
        """Removes a file that was handed over and shall not be gathered after all."""
        self.ask("DELETE", f"/connectors/intake/{intake_id}")

    def gather(self, intake: list[str], answers: dict[str, Any] | None = None, *, attended: bool = False) -> str:
        """Starts the gathering of files handed over before; answers its id.

        `attended`: somebody looks after `questions` while it runs, so that it waits for answers for a while.
        """
        attributes = {"intake": intake, "answers": answers or {}, "attended": attended}
        said = self.ask("POST", "/connectors/gather", json={"data": {"attributes": attributes}})
        ident: str = said["data"]["id"]
        return ident

    def gathering(self, ident: str) -> dict[str, Any]:
        """How a gathering goes: `state`, `total`, `done`, `files`."""
        attributes: dict[str, Any] = self.ask("GET", f"/connectors/gather/{ident}")["data"]["attributes"]
        return attributes

    def stop(self, ident: str) -> None:
        """Asks a gathering to stop; what was read stays."""
        self.ask("POST", f"/connectors/gather/{ident}/stop")

    def questions(self) -> list[dict[str, Any]]:
        """What connectors ask the person, the oldest first, each with its `id`."""
        said = self.ask("GET", "/connectors/questions")["data"]
        return [{"id": entry["id"], **entry["attributes"]} for entry in said]

    def answer(self, question_id: str, answer: str) -> None:
        """Answers a question; the run that asked goes on, or begins again."""
        body = {"data": {"attributes": {"answer": answer}}}
        self.ask("POST", f"/connectors/questions/{quote(question_id, safe='')}/answer", json=body)

    def money(self, *, settled: bool = True) -> dict[str, int]:
        """Counts of the person's money: accounts, operations, bills, linked, to_confirm."""
        params = {"settled": "true"} if settled else None
        counts: dict[str, int] = self.ask("GET", "/money/summary", params=params)["data"]["attributes"]
        return counts

    def installed(self, kind: str) -> list[dict[str, Any]]:
        """What is installed of a kind, `apps` or `konnectors`, with what comes with Alcove: the members of each."""
        ours = self._listed("connectors") if kind == "konnectors" else []
        return [*self._listed(kind), *ours]

    def installed_one(self, kind: str, slug: str) -> dict[str, Any]:
        """The members of one that is installed."""
        found: dict[str, Any] = self.ask("GET", f"/{kind}/{slug}")["data"]["attributes"]
        return found

    def _listed(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        start = ""
        while True:
            page = self.ask("GET", f"/{name}/", params={"limit": "100", "start_key": start})
            found += [entry["attributes"] for entry in page["data"]]
            following = httpx.URL(page["links"]["next"]) if page["links"].get("next") else None
            if following is None:
                return found
            start = following.params["start_key"]

    def install(self, kind: str, slug: str, source: str) -> dict[str, Any]:
        """Installs from a source: `file://`, `https://` or `registry://`; what is then there."""
        return self._told("POST", kind, slug, Source=source)

    def update(self, kind: str, slug: str, source: str = "", *, acked: bool = False) -> dict[str, Any]:
        """Updates from its source, or another one; `acked` says yes to what a version asks for more."""
        return self._told("PUT", kind, slug, Source=source, PermissionsAcked=str(acked).lower())

    def uninstall(self, kind: str, slug: str) -> None:
        """Removes it, with its files."""
        self._told("DELETE", kind, slug)

    def _told(self, method: str, kind: str, slug: str, **params: str) -> dict[str, Any]:
        said = self.ask(method, f"/{kind}/{quote(slug, safe='')}", params=params)
        attributes: dict[str, Any] = said["data"]["attributes"]
        return attributes
