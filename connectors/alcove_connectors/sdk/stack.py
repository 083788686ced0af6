"""The person's server as a connector sees it: one HTTP client, over the run's own socket or a plain URL.

Standard library only: each run is a new process, and its start is paid every time.
"""

from __future__ import annotations

import http.client
import json
import socket
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from alcove_connectors.sdk.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

IDLE_SECONDS = 2.0
"""A connection unused for longer is opened anew: the server closes idle ones after 5 s."""

BULK = 500
"""Documents written by one request."""

KEYS = 1000
"""Ids asked for by one request."""

Body = bytes | IO[bytes] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer below 400."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The decoded body (None when it is empty)."""
        return json.loads(self.body) if self.body else None


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, host: str, timeout: float) -> None:
        super().__init__(host, timeout=timeout, blocksize=1 << 17)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def doc_path(doctype: str, doc_id: str = "") -> str:
    """The path of a document (or of its doctype) under `/data`; a slash in the id is escaped."""
    return f"/data/{quote(doctype, safe='')}/{quote(doc_id, safe='')}"


class Stack:
    """Verbs on documents and files. Every method raises `StackError` when the server refuses."""

    def __init__(self, url: str, token: str, socket_path: str = "", timeout: float = 120) -> None:
        self._parts = urlsplit(url)
        self._token = token
        self._socket_path = socket_path
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0
        self._indexes: set[tuple[str, tuple[str, ...]]] = set()

    # One request

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        data: Any = None,
        body: Body = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends one request and gives its answer. `data` is sent as JSON, `body` as it is (then say its length)."""
        said = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", **(headers or {})}
        if data is not None:
            body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
            said.setdefault("Content-Type", "application/json")
        target = f"{path}?{urlencode(query)}" if query else path
        answer = self.send(method, target, body, said)
        if answer.status >= 400:
            raise StackError(answer.status, _reason(answer.body), f"{method} {path}")
        return answer

    def send(self, method: str, target: str, body: Body, headers: Mapping[str, str]) -> Answer:
        """Carries one request; only this method knows of sockets (a fake replaces it)."""
        attempts = 2 if method in ("GET", "HEAD") else 1
        for attempt in range(1, attempts + 1):
            connection = self._connect()
            try:
                connection.request(method, target, body, dict(headers))
                response = connection.getresponse()
                content = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if attempt == attempts:
                    raise StackError(0, f"no answer ({type(error).__name__})", f"{method} {target}") from None
                continue
            self._used = time.monotonic()
            if response.will_close:
                self.close()
            lowered = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, lowered, content)
        raise AssertionError("a request is tried at least once")

    def _connect(self) -> http.client.HTTPConnection:
        if self._connection is not None and time.monotonic() - self._used < IDLE_SECONDS:
            return self._connection
        self.close()
        host = self._parts.netloc
        if self._socket_path:
            self._connection = _SocketConnection(self._socket_path, host, self._timeout)
        elif self._parts.scheme == "https":
            self._connection = http.client.HTTPSConnection(host, timeout=self._timeout)
        else:
            self._connection = http.client.HTTPConnection(host, timeout=self._timeout, blocksize=1 << 17)
        self._used = time.monotonic()
        return self._connection

    def close(self) -> None:
        """Closes the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # Documents

    def get(self, doctype: str, doc_id: str) -> dict[str, Any] | None:
        """A document with its `_id` and `_rev`, or None when it is not there."""
        try:
            found = self.request("GET", doc_path(doctype, doc_id)).json()
        except StackError as error:
            if error.status == 404:
                return None
            raise
        return dict(found)

    def create(self, doctype: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Stores a new document (under its `_id` when it has one); gives it back with `_id` and `_rev`."""
        fields = {name: value for name, value in document.items() if name not in ("_id", "_rev", "_type")}
        if "_id" in document:
            answer = self.request("PUT", doc_path(doctype, str(document["_id"])), data=fields).json()
        else:
            answer = self.request("POST", doc_path(doctype), data=fields).json()
        return {**fields, "_id": answer["id"], "_rev": answer["rev"]}

    def update(self, doctype: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Replaces a document, by its `_id` and `_rev`; a stale revision raises `StackError` 409."""
        fields = {name: value for name, value in document.items() if name != "_type"}
        answer = self.request("PUT", doc_path(doctype, str(document["_id"])), data=fields).json()
        return {**fields, "_rev": answer["rev"]}

    def by_ids(self, doctype: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Those of the documents with these ids that are there, by id."""
        found: dict[str, dict[str, Any]] = {}
        for chunk in _chunks(ids, KEYS):
            path = f"{doc_path(doctype)}_all_docs"
            try:
                rows = self.request("POST", path, query={"include_docs": "true"}, data={"keys": chunk}).json()["rows"]
            except StackError as error:
                if error.status == 404:
                    return found
                raise
            found.update((row["id"], row["doc"]) for row in rows if row.get("doc"))
        return found

    def bulk(self, doctype: str, documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Writes many documents; one result per document in their order: `{id, rev}` or `{id, error, reason}`."""
        results: list[dict[str, Any]] = []
        for chunk in _chunks(documents, BULK):
            results += self.request("POST", f"{doc_path(doctype)}_bulk_docs", data={"docs": chunk}).json()
        return results

    def find(self, doctype: str, selector: Mapping[str, Any], *, index: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
        """The documents that a Mango selector finds, page after page.

        `index` names the fields of the index to use, which is made when it is not there.
        """
        query: dict[str, Any] = {"selector": dict(selector), "limit": KEYS}
        if index:
            query["use_index"] = self._index(doctype, tuple(index))
        while True:
            try:
                page = self.request("POST", f"{doc_path(doctype)}_find", data=query).json()
            except StackError as error:
                if error.status == 404:
                    return
                raise
            yield from page["docs"]
            bookmark = page.get("bookmark") or ""
            if len(page["docs"]) < KEYS or not bookmark or bookmark == query.get("bookmark"):
                return
            query["bookmark"] = bookmark

    def _index(self, doctype: str, fields: tuple[str, ...]) -> str:
        name = "by_" + "_and_".join(fields)
        if (doctype, fields) not in self._indexes:
            definition = {"index": {"fields": list(fields)}, "ddoc": name, "name": name}
            self.request("POST", f"{doc_path(doctype)}_index", data=definition)
            self._indexes.add((doctype, fields))
        return f"_design/{name}"

    # Files

    def file(self, file_id: str) -> dict[str, Any] | None:
        """The JSON:API resource of a file or folder, or None."""
        return self._resource("GET", f"/files/{quote(file_id, safe='')}")

    def file_at(self, path: str) -> dict[str, Any] | None:
        """The JSON:API resource of what is at a path, or None."""
        return self._resource("GET", "/files/metadata", {"Path": path})

    def find_files(self, selector: Mapping[str, Any], index: Sequence[str]) -> list[dict[str, Any]]:
        """The first JSON:API resources of files that a Mango selector finds; `index` as in `find`."""
        query = {"selector": dict(selector), "use_index": self._index("io.cozy.files", tuple(index))}
        return list(self.request("POST", "/files/_find", data=query).json()["data"])

    def make_folder(self, path: str) -> dict[str, Any]:
        """Makes a folder with all above it; gives its resource. It may be there already."""
        there = self.file_at(path)
        if there is None:
            query = {"Type": "directory", "Path": path, "Recursive": "true"}
            there = dict(self.request("POST", "/files/", query=query).json()["data"])
        return there

    def describe(self, metadata: Mapping[str, Any]) -> str:
        """Hands over the metadata of a file to come; gives the `MetadataID` for its upload."""
        data = {"data": {"type": "io.cozy.files.metadata", "attributes": dict(metadata)}}
        return str(self.request("POST", "/files/upload/metadata", data=data).json()["data"]["id"])

    def refer(self, file_id: str, doctype: str, doc_id: str) -> None:
        """Adds a document to a file's `referenced_by`. The server does not look whether it is there already."""
        data = {"data": [{"type": doctype, "id": doc_id}]}
        self.request("POST", f"/files/{quote(file_id, safe='')}/relationships/referenced_by", data=data)

    def _resource(self, method: str, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        try:
            return dict(self.request(method, path, query=query).json()["data"])
        except StackError as error:
            if error.status == 404:
                return None
            raise


def _chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    everything = list(items)
    for start in range(0, len(everything), size):
        yield everything[start : start + size]


def _reason(body: bytes) -> str:
    """The words of a refusal, whichever of the contract's shapes it has."""
    try:
        said = json.loads(body)
    except ValueError:
        return body[:200].decode(errors="replace")
    if isinstance(said, dict):
        first = (said.get("errors") or [{}])[0]
        words = first.get("detail") or first.get("title") or said.get("reason") or said.get("error")
        return str(words or said)[:200]
    return str(said)[:200]
