"""A person's server in memory, for the tests of connectors and for runs without a server.

It knows the verbs that the kit uses, with their answers as the contract writes them, and nothing of rights.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from alcove_connectors.sdk.context import Context, Input
from alcove_connectors.sdk.stack import Answer, Body, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from alcove_connectors.sdk.connector import Connector

ROOT = "io.cozy.files.root-dir"

Store = dict[str, dict[str, Any]]


class FakeStack(Stack):
    """`documents[doctype][id]` and `contents[file id]` show what is stored; `requests` what was asked."""

    def __init__(self) -> None:
        super().__init__("http://fake.localhost/", "fake-token")
        self.documents: dict[str, Store] = {}
        self.contents: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.fail_on: Callable[[str, str], int] = lambda _method, _path: 0
        """Gets each method and path; a status other than 0 is answered in place of the work."""
        self._metadata: Store = {}
        self._count = 0
        self._put("io.cozy.files", ROOT, {"type": "directory", "name": "", "dir_id": "", "path": "/"})

    def add(self, doctype: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Puts a document there, under its `_id` or a new one; gives it back as stored."""
        return self._put(doctype, str(document.get("_id") or self._new_id()), document)

    def all(self, doctype: str) -> list[dict[str, Any]]:
        """The stored documents of a type."""
        return list(self.documents.get(doctype, {}).values())

    def paths(self) -> list[str]:
        """The paths of the stored files, sorted."""
        return sorted(self._path(doc) for doc in self.all("io.cozy.files") if doc["type"] == "file")

    def dump(self) -> dict[str, Any]:
        """Everything stored, without the bytes of files: what `alcove-connector run` prints."""
        return {doctype: list(store.values()) for doctype, store in sorted(self.documents.items())}

    # The wire

    def send(self, method: str, target: str, body: Body, headers: Mapping[str, str]) -> Answer:
        """Answers as a server would."""
        parts = urlsplit(target)
        self.requests.append((method, parts.path))
        content = body.read() if body is not None and not isinstance(body, bytes) else body or b""
        status = self.fail_on(method, parts.path)
        value: Any = {"error": "made to fail"}
        if not status:
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            segments = [unquote(segment) for segment in parts.path.strip("/").split("/")]
            if segments[0] == "data":
                status, value = self._data(method, segments[1], (segments[2:] or [""])[0], content)
            elif parts.path.endswith("/"):
                status, value = self._files(method, "", query, content, headers)
            else:
                status, value = self._files(method, "/".join(segments[1:]), query, content, headers)
        return Answer(status, {}, json.dumps(value).encode())

    def _new_id(self) -> str:
        self._count += 1
        return hashlib.sha256(str(self._count).encode()).hexdigest()[:32]

    def _put(self, doctype: str, doc_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        store = self.documents.setdefault(doctype, {})
        generation = int(store[doc_id]["_rev"].partition("-")[0]) + 1 if doc_id in store else 1
        plain = {name: value for name, value in fields.items() if name not in ("_id", "_rev", "_type")}
        store[doc_id] = {"_id": doc_id, "_rev": f"{generation}-{self._new_id()}", **plain}
        return store[doc_id]

    # /data

    def _data(self, method: str, doctype: str, name: str, body: bytes) -> tuple[int, Any]:
        store = self.documents.setdefault(doctype, {})
        sent = json.loads(body) if body else {}
        verbs: dict[str, Callable[[], Any]] = {
            "_index": lambda: {"result": "created"},
            "_find": lambda: _page(sent, [doc for doc in store.values() if matches(doc, sent["selector"])]),
            "_all_docs": lambda: {"rows": [_row(store, key) for key in sent["keys"]]},
            "_bulk_docs": lambda: [self._write(doctype, document) for document in sent["docs"]],
        }
        if name in verbs:
            return 200, verbs[name]()
        if method == "GET":
            missing = {"error": "not_found", "reason": "missing"}
            return (200, {**store[name], "_type": doctype}) if name in store else (404, missing)
        result = self._write(doctype, {**sent, "_id": name} if name else sent)
        if "error" in result:
            return 409, result
        return 200, {"ok": True, **result, "type": doctype, "data": store[result["id"]]}

    def _write(self, doctype: str, document: Mapping[str, Any]) -> dict[str, Any]:
        doc_id = str(document.get("_id") or self._new_id())
        there = self.documents[doctype].get(doc_id)
        if there is not None and there["_rev"] != document.get("_rev"):
            return {"id": doc_id, "error": "conflict", "reason": "Document update conflict."}
        stored = self._put(doctype, doc_id, document)
        return {"id": doc_id, "rev": stored["_rev"]}

    # /files

    def _files(
        self, method: str, path: str, query: Mapping[str, str], body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        if path == "metadata":
            return self._answer(self._at(query["Path"]))
        if path == "_find":
            selector = json.loads(body)["selector"]
            return 200, {"data": [self._shown(doc) for doc in self.all("io.cozy.files") if matches(doc, selector)]}
        if path == "upload/metadata":
            name = self._new_id()
            self._metadata[name] = json.loads(body)["data"]["attributes"]
            return 201, {"data": {"type": "io.cozy.files.metadata", "id": name}}
        if path == "":
            return self._answer(self._folder(query["Path"]), 201)
        file_id, _, relation = path.partition("/")
        there = self.documents["io.cozy.files"].get(file_id)
        if there is None or method == "GET":
            return self._answer(there)
        if relation:
            there.setdefault("referenced_by", []).extend(json.loads(body)["data"])
            return 200, {"data": there["referenced_by"], "meta": {"count": len(there["referenced_by"])}}
        return self._upload(there, query, body, headers)

    def _upload(
        self, there: Mapping[str, Any], query: Mapping[str, str], body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        if headers.get("Content-MD5", md5) != md5:
            return 412, {"errors": [{"detail": "Content-MD5 does not match"}]}
        name, is_new = query["Name"], there["type"] == "directory"
        if is_new and self._at(str(PurePosixPath(self._path(there), name))):
            return 409, {"errors": [{"detail": "The file already exists"}]}
        stored = self._put(
            "io.cozy.files",
            self._new_id() if is_new else str(there["_id"]),
            {
                **({"dir_id": there["_id"], "trashed": False} if is_new else there),
                **{"type": "file", "name": name, "size": str(len(body)), "md5sum": md5},
                "mime": headers.get("Content-Type", ""),
                "metadata": self._metadata.get(query.get("MetadataID", ""), {}),
                "cozyMetadata": {"createdByApp": "", "sourceAccount": query.get("SourceAccount", "")},
            },
        )
        stored["cozyMetadata"]["createdByApp"] = self.slug
        self.contents[stored["_id"]] = body
        return self._answer(stored, 201)

    slug = "fake"
    """The connector whose token this is: the server takes `createdByApp` from it."""

    def _folder(self, path: str) -> dict[str, Any]:
        above = self.documents["io.cozy.files"][ROOT]
        for part in PurePosixPath(path).parts[1:]:
            whole = str(PurePosixPath(above["path"], part))
            below = self._at(whole)
            if below is None:
                fields = {"type": "directory", "name": part, "dir_id": above["_id"], "path": whole}
                below = self._put("io.cozy.files", self._new_id(), fields)
            above = below
        return above

    def _path(self, document: Mapping[str, Any]) -> str:
        if document["type"] == "directory":
            return str(document["path"])
        parent = self.documents["io.cozy.files"][document["dir_id"]]
        return str(PurePosixPath(parent["path"], document["name"]))

    def _at(self, path: str) -> dict[str, Any] | None:
        files = self.all("io.cozy.files")
        return next((document for document in files if self._path(document) == path), None)

    def _answer(self, document: Mapping[str, Any] | None, status: int = 200) -> tuple[int, Any]:
        if document is None:
            return 404, {"errors": [{"status": "404", "title": "Not Found", "detail": "file does not exist"}]}
        return status, {"data": self._shown(document)}

    def _shown(self, document: Mapping[str, Any]) -> dict[str, Any]:
        hidden = ("_id", "_rev", "referenced_by")
        return {
            "type": "io.cozy.files",
            "id": document["_id"],
            "attributes": {name: value for name, value in document.items() if name not in hidden},
            "meta": {"rev": document["_rev"]},
            "relationships": {"referenced_by": {"data": document.get("referenced_by", [])}},
        }


def _page(query: Mapping[str, Any], found: list[dict[str, Any]]) -> dict[str, Any]:
    start = int(query.get("bookmark") or 0)
    end = start + int(query.get("limit", 100))
    return {"docs": found[start:end], "bookmark": str(end), "next": len(found) > end}


def _row(store: Store, key: str) -> dict[str, Any]:
    if key not in store:
        return {"key": key, "error": "not_found"}
    return {"id": key, "key": key, "value": {"rev": store[key]["_rev"]}, "doc": store[key]}


def matches(document: Mapping[str, Any], selector: Mapping[str, Any]) -> bool:
    """Whether a document matches a Mango selector; the operators that connectors use are known."""
    return all(_field_matches(document, path, wanted) for path, wanted in selector.items())


def _field_matches(document: Mapping[str, Any], path: str, wanted: Any) -> bool:
    if path == "$and":
        return all(matches(document, part) for part in wanted)
    if path == "$or":
        return any(matches(document, part) for part in wanted)
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if not isinstance(wanted, dict):
        return bool(value == wanted)
    compare: dict[str, Callable[[Any], bool]] = {
        "$eq": lambda given: value == given,
        "$ne": lambda given: value != given,
        "$gt": lambda given: value is not None and (given is None or value > given),
        "$gte": lambda given: value is not None and (given is None or value >= given),
        "$lt": lambda given: value is not None and value < given,
        "$lte": lambda given: value is not None and value <= given,
        "$in": lambda given: value in given,
        "$exists": lambda given: (value is not None) == given,
    }
    return all(compare[operator](given) for operator, given in wanted.items())


def context_for(
    connector: type[Connector] | Connector,
    paths: Iterable[Path] = (),
    stack: FakeStack | None = None,
    replies: Mapping[str, str] | None = None,
    **fields: Any,
) -> tuple[Context, list[dict[str, Any]]]:
    """A context on a fake stack with an account, and the list that collects the lines of the run.

    The inputs are named by the files' names and have the ids `0`, `1`...; `fields` are those of the job's message.
    `replies` are what the person answers while it runs, by the question's field; to others nobody answers.
    """
    stack = stack or FakeStack()
    stack.slug = connector.slug
    account = stack.documents.get("io.cozy.accounts", {}).get("fake-account")
    if account is None:
        stack.add("io.cozy.accounts", {"_id": "fake-account", "account_type": connector.slug, "name": "mine"})
    lines: list[dict[str, Any]] = []

    def listen() -> str:
        asked = lines[-1]
        said = (replies or {}).get(asked["question"]["field"])
        reply = {"type": "answer", "ask": asked["ask"], "id": "fake-question"}
        return json.dumps(reply | ({"why": "late"} if said is None else {"answer": said}))

    ctx = Context(
        stack=stack,
        slug=connector.slug,
        version=connector.version,
        fields={"account": "fake-account", **fields},
        inputs=[Input(str(number), path.name, path) for number, path in enumerate(paths)],
        emit=lambda line: lines.append(dict(line)),
        listen=listen,
    )
    ctx.load()
    return ctx, lines


def results(lines: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The `result` lines of a run, by the id of their input."""
    return {str(line["input"]): dict(line) for line in lines if line["type"] == "result"}


__all__ = ["FakeStack", "context_for", "matches", "results"]
