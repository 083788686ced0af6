"""What a connector is, what it is told, and what its lines mean (contract-b section 8, doctypes section 7)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import orjson

from alcove.apps import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNTS = "io.cozy.accounts"
SOFT_DELETED = "io.cozy.accounts.soft_deleted"
"""Accounts that were deleted, until their connector has cleared up after them at the vendor."""
KONNECTORS = "io.cozy.konnectors"
TRIGGERS = "io.cozy.triggers"
JOB_EVENTS = "io.cozy.jobs.events"
INTAKE = "org.alcove.intake"
QUESTIONS = "org.alcove.questions"
RUNS = "org.alcove.runs"
GATHERINGS = "org.alcove.gatherings"
ENDED = frozenset({"done", "errored", "stopped"})
"""States of a gathering in which nothing happens any more."""

MANIFEST = "manifest.konnector"

KIND = Kind(KONNECTORS, MANIFEST, "konnector", "konnectors")
"""Connectors, as what can be installed."""

MESSAGE = 4000
"""Characters of a line's message that are kept (contract-b section 8)."""

FIELDS_LIMIT = 100_000
"""Bytes of the message that a variable can carry; the system's own limit is 128 KiB."""

OUTCOMES = frozenset({"new", "known", "not_understood", "error", "asked"})

LINE_TYPES = frozenset({"debug", "info", "warning", "warn", "error", "critical"})

FINAL = ("LOGIN_FAILED", "USER_ACTION_NEEDED")
"""Errors after which trying again without the person is of no use (contract-b section 6)."""
CONDITIONS = "USER_ACTION_NEEDED.CGU_FORM"
"""The one of these after which a connector goes on by itself: the vendor shows new conditions, now and then."""


@dataclass(frozen=True, slots=True)
class Konnector:
    """A connector as it lies on the disk: its folder with manifest and code."""

    slug: str
    folder: Path
    manifest: Mapping[str, Any]

    @property
    def document_id(self) -> str:
        """The id of its document, of its references, of its permissions."""
        return f"{KONNECTORS}/{self.slug}"

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.manifest.get("name") or self.slug)

    @property
    def language(self) -> str:
        """What it is written in, as its manifest says."""
        return str(self.manifest.get("language") or "node")

    def local_name(self, locale: str) -> str:
        """What people call it in a language."""
        locales = self.manifest.get("locales") or {}
        return str((locales.get(locale) or {}).get("name") or self.name)

    @property
    def permissions(self) -> Mapping[str, Any]:
        """What its token may do: title -> rule."""
        return dict(self.manifest.get("permissions") or {})

    @property
    def clears_up(self) -> bool:
        """Whether it is run when an account was deleted."""
        return bool(self.manifest.get("on_delete_account"))

    def module_arguments(self, folder: str, *, clearing: bool = False) -> tuple[str, ...]:
        """What Python is told to run: a script of the folder, or the kit's entry for an `entrypoint` module:class.

        `clearing` runs what the manifest names for an account that was deleted.
        """
        entry = str(self.manifest.get("on_delete_account" if clearing else "entrypoint") or "")
        if entry.endswith(".py"):
            return (str(PurePosixPath(folder, entry)), folder)
        return ("-m", "alcove_connectors.sdk.entry", folder)


def read_konnector(folder: Path) -> Konnector:
    """The connector in a folder; raises `ValueError` when its manifest is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder.name}: the manifest cannot be read: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("slug") != folder.name:
        raise ValueError(f"{folder.name}: the manifest must name the same slug as its folder")
    return Konnector(folder.name, folder, manifest)


@dataclass(frozen=True, slots=True)
class RunInput:
    """One file of a run: its id, the name that the person gave, and where it lies."""

    id: str
    name: str
    path: Path


@dataclass(slots=True)
class FileOutcome:
    """What became of one file of a gathering."""

    file: str
    connector: str = ""
    outcome: str = "error"
    reason: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    question: Mapping[str, Any] | None = None

    def json(self) -> dict[str, Any]:
        """As the gathering's document holds it."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(slots=True)
class Heard:
    """What the lines of a run told so far of its end."""

    critical: str = ""
    error: str = ""
    detail: str = ""
    no_retry: bool = False
    under_way: str = ""
    """The input that was begun and has no result yet."""

    def hear(self, line: Mapping[str, Any]) -> None:
        """Takes one decoded line in."""
        kind = line.get("type")
        if kind == "critical":
            self.critical = _text(line.get("message")) or "UNKNOWN_ERROR"
            self.detail = _text(line.get("detail"))
            self.no_retry = line.get("no_retry") is True
        elif kind == "error":
            self.error = _text(line.get("message"))
        elif kind == "begin":
            self.under_way = _text(line.get("input"))
        elif (kind == "end" or is_result(line)) and line.get("input") == self.under_way:
            self.under_way = ""

    def failure(self, status: int, reason: str) -> str:
        """The job's error: the last critical line, else the last error line, else how the process ended."""
        return self.critical or self.error or (reason if status else "")


def _text(value: Any) -> str:
    return value[:MESSAGE] if isinstance(value, str) else ""


def decode_line(line: bytes) -> dict[str, Any] | None:
    """The object on a line; None for what is no JSON object with a `type`: that is only logged."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("type"), str) else None


def is_result(line: Mapping[str, Any]) -> bool:
    """Whether the line says what became of an input."""
    told = line.get("type") == "result" and isinstance(line.get("input"), str)
    return told and isinstance(line.get("outcome"), str) and line["outcome"] in OUTCOMES


def outcome_of(file: str, connector: str, line: Mapping[str, Any]) -> FileOutcome:
    """The outcome that a `result` line tells; what has the wrong type is left out."""
    counts = line.get("counts")
    numbers = counts.items() if isinstance(counts, dict) else ()
    question = line.get("question")
    return FileOutcome(
        file,
        connector,
        str(line["outcome"]),
        _text(line.get("reason")),
        {str(name)[:40]: value for name, value in list(numbers)[:20] if type(value) is int},
        question if isinstance(question, dict) else None,
    )


def account_id(slug: str, source: str) -> str:
    """The id of the account that a connector of files has in every instance: made once, found again."""
    return hashlib.sha256(f"{ACCOUNTS}\0{slug}\0{source}".encode()).hexdigest()[:32]


def clean_name(name: str) -> str:
    """A relative path as it can be shown: no steps upwards, no control characters, 500 characters at the most.

    >>> clean_name("../bank/./march.ofx")
    'bank/march.ofx'
    """
    plain = "".join(sign for sign in name.replace("\\", "/") if sign.isprintable())[-500:]
    return "/".join(part for part in plain.split("/") if part not in ("", ".", ".."))


def environment(
    *,
    url: str,
    token: str,
    konnector: Konnector,
    locale: str,
    fields: Mapping[str, Any],
    payload: Any,
    seconds: int,
    job_id: str,
    trigger_id: str,
    manual: bool,
    secret: Any = None,
) -> dict[str, str]:
    """The variables of a run, exactly those of contract-b section 8. `seconds` is what is left of its time.

    `secret` is what the operator has its connector told (account types).
    """
    parameters = konnector.manifest.get("parameters")
    if secret is not None:
        parameters = {**(parameters if isinstance(parameters, dict) else {}), "secret": secret}
    return {
        "COZY_URL": url,
        "COZY_CREDENTIALS": token,
        "COZY_FIELDS": orjson.dumps(fields).decode(),
        "COZY_PARAMETERS": orjson.dumps(parameters).decode(),
        "COZY_PAYLOAD": "" if payload is None else orjson.dumps(payload).decode(),
        "COZY_LANGUAGE": konnector.language,
        "COZY_LOCALE": locale,
        "COZY_TIME_LIMIT": str(seconds + 5),
        "COZY_JOB_ID": job_id,
        "COZY_TRIGGER_ID": trigger_id,
        "COZY_JOB_MANUAL_EXECUTION": "true" if manual else "false",
    }
