"""Logs: one line an event, as text or as JSON, and never a secret in it."""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

_SECRETS = re.compile(
    r"(?i)(bearer\s+|basic\s+|(?:token|passphrase|password|secret|code|credentials|sharecode|cookie)[\"']?\s*[=:]\s*[\"']?)"
    r"[^\s\"'&,;}]+"
)
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+")
_OWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redact(text: str) -> str:
    """The text without what looks like a token, a passphrase or another secret.

    >>> redact("GET /x?token=abc 200")
    'GET /x?token=*** 200'
    """
    return _JWT.sub("***", _SECRETS.sub(r"\1***", text))


class JSONLines(logging.Formatter):
    """A JSON object a line: time, level, logger, message, and the extra fields of the record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "name": record.name,
            "message": redact(record.getMessage()),
        }
        line.update({k: redact(str(v)) for k, v in vars(record).items() if k not in _OWN})
        if record.exc_info:
            line["trace"] = redact(self.formatException(record.exc_info))
        return orjson.dumps(line).decode()


class TextLines(logging.Formatter):
    """A line for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        when = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        extra = " ".join(f"{k}={v}" for k, v in vars(record).items() if k not in _OWN)
        text = f"{when} {record.levelname.lower():7} {record.name}: {record.getMessage()}{' ' + extra if extra else ''}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return redact(text)


def set_up(level: str, form: str) -> None:
    """Sends everything logged by this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONLines() if form == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("httpx", "httpcore", "asyncio", "uvicorn", "fido2"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
