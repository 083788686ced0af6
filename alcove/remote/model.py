"""Requests to other servers as their definitions say them, and what an app is given of the answers (contract-b 11).

A definition is a text: `VERB URL`, headers, and for a POST an empty line and the body. `{{name}}` stands for what the
caller says, `{{secret_name}}` for what only the operator knows. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, urlsplit

import orjson

from alcove.remote.errors import DefinitionWrong, VariableMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DEFINITIONS = "org.alcove.remote"
"""The doctype of definitions, in the server's own store."""
REQUESTS = "io.cozy.remote.requests"
"""What was asked for an instance: a document for each request."""
SECRET = "secret_"
LONGEST = 64 << 10
"""Characters of a definition, and of all that a caller says, at the most."""
VARIABLES = 100
_VARIABLE = re.compile(r"\{\{\s*(?:(\w+)\s+)?(\w+)\s*\}\}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_UNSAID = frozenset({"host", "content-length", "connection", "transfer-encoding", "upgrade", "te", "trailer"})
_TOLD = ("content-type", "cache-control", "etag", "last-modified", "expires", "content-language")
_FIT = re.compile(
    r"(image|audio|video)/[\w.+-]+|(text|application)/xml|application/json|text/plain|\w+/[\w.-]+\+(json|xml)"
)
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=(\d{1,9})")
_UNKEPT = re.compile(r"no-store|no-cache|private", re.IGNORECASE)


def _in_json(value: str) -> str:
    return orjson.dumps(value).decode()[1:-1]


def _in_path(value: str) -> str:
    return quote(value, safe="")


def _in_header(value: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in value)


_ESCAPES: Mapping[str, Callable[[str], str]] = {
    "": str,
    "json": _in_json,
    "html": escape,
    "query": quote_plus,
    "path": _in_path,
}


@dataclass(frozen=True, slots=True)
class Definition:
    """A request with places for variables."""

    verb: str
    origin: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that it needs."""
        texts = (self.path, self.query, self.body, *self.headers.values())
        names = (found[2] for text in texts for found in _VARIABLE.finditer(text))
        return frozenset(name.removeprefix(SECRET) for name in names if name.startswith(SECRET))

    def filled(self, said: Mapping[str, str]) -> Asking:
        """The request with the values; raises `VariableMissing`."""
        path = _filled(self.path, said, "path")
        if any(part in (".", "..") for part in path.split("/")):
            raise VariableMissing("path", "a value leads out of the place that the request is for")
        query = _filled(self.query, said, "query")
        headers = {name: _filled(value, said, "header") for name, value in self.headers.items()}
        return Asking(f"{self.origin}{path}{query and '?'}{query}", headers, _filled(self.body, said, "body"))


@dataclass(frozen=True, slots=True)
class Asking:
    """A request with its values."""

    url: str
    headers: Mapping[str, str]
    body: str


def read_definition(text: str) -> Definition:
    """The request that a definition says; raises `DefinitionWrong`.

    >>> read_definition("GET https://wiki.example/{{page}}?q={{q}}").filled({"page": "a/b", "q": "ü&"}).url
    'https://wiki.example/a%2Fb?q=%C3%BC%26'
    """
    if len(text) > LONGEST:
        raise DefinitionWrong(f"it has more than {LONGEST} characters")
    head, _, body = text.replace("\r\n", "\n").strip("\n").partition("\n\n")
    first, *lines = head.split("\n")
    verb, _, url = first.strip().partition(" ")
    if verb not in ("GET", "POST"):
        raise DefinitionWrong("its first line is GET or POST and an address")
    headers = dict(_header(line) for line in lines)
    origin, path, query = _address(url.strip())
    if any((found[1] or "") not in _ESCAPES for found in _VARIABLE.finditer(text)):
        raise DefinitionWrong("in a body {{json x}}, {{html x}}, {{query x}} and {{path x}} are known")
    return Definition(verb, origin, path, query, headers, body if verb == "POST" else "")


def _address(url: str) -> tuple[str, str, str]:
    """The origin, the path and the query of an address; only the last two may hold variables."""
    bare = _VARIABLE.sub("x", url)
    try:
        parts, port = urlsplit(bare), urlsplit(bare).port
    except ValueError:
        raise DefinitionWrong("its address cannot be read") from None
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or not url.startswith(origin):
        raise DefinitionWrong("its address names an https server, without variables in its name")
    if port is not None:
        raise DefinitionWrong("its address has a port of its own: only the default one is asked")
    path, _, query = url.removeprefix(origin).partition("#")[0].partition("?")
    return origin, path or "/", query


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not _NAME.fullmatch(name) or not value.isprintable():
        raise DefinitionWrong(f"{line[:60]!r} is no header")
    if name.lower() in _UNSAID:
        raise DefinitionWrong(f"the header {name} is not for a definition to say")
    return name, value.strip()


def _filled(text: str, said: Mapping[str, str], place: str) -> str:
    def value(found: re.Match[str]) -> str:
        how, name = found[1] or "", found[2]
        if name not in said:
            raise VariableMissing(name)
        if place == "header":
            return _in_header(said[name])
        return _ESCAPES[how if place == "body" else place](said[name])

    return _VARIABLE.sub(value, text)


def variables(said: object) -> dict[str, str]:
    """What a caller says, by name: texts, numbers and truths. Raises `VariableMissing` for anything else."""
    if not isinstance(said, dict) or len(said) > VARIABLES:
        raise VariableMissing("body", f"it is an object of {VARIABLES} values at the most")
    found: dict[str, str] = {}
    for name, value in said.items():
        if isinstance(value, bool):
            found[name] = str(value).lower()
        elif isinstance(value, str | int | float):
            found[name] = str(value)
        elif value is not None:
            raise VariableMissing(name, "a text or a number is allowed")
    if sum(len(name) + len(value) for name, value in found.items()) > LONGEST:
        raise VariableMissing("body", f"{LONGEST} characters are allowed")
    return {name: value for name, value in found.items() if not name.startswith(SECRET)}


def is_fit(media_type: str) -> bool:
    """Whether an app is given an answer of this type: pictures, sounds, JSON, XML and plain text.

    >>> is_fit("application/sparql-results+json; charset=utf-8"), is_fit("text/html"), is_fit("text/javascript")
    (True, False, False)
    """
    return bool(_FIT.fullmatch(media_type.partition(";")[0].strip().lower()))


def told_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer that an app is told."""
    return {name: headers[name] for name in _TOLD if name in headers}


def kept_for(status: int, headers: Mapping[str, str], longest: float) -> float:
    """For how many seconds an answer may be given again without asking: as its server says, `longest` at the most.

    >>> kept_for(200, {"cache-control": "public, max-age=60"}, 3600), kept_for(200, {}, 3600)
    (60.0, 0.0)
    """
    said = headers.get("cache-control", "")
    found = _MAX_AGE.search(said.lower())
    if status != 200 or found is None or _UNKEPT.search(said) or headers.get("vary", "") == "*":
        return 0.0
    return min(float(found[1]), longest)


def masked(values: Mapping[str, str], secrets: Sequence[str]) -> dict[str, str]:
    """The values with stars in place of secrets: for what is written down."""
    return {**values, **{f"{SECRET}{name}": "***" for name in secrets}}
