"""OCS, the envelope in which the Nextcloud dialect answers what is not WebDAV: as JSON or XML, in two versions.

Version 1 answers 200 whatever it says of what was asked, and calls success 100. Version 2 answers as HTTP does, and
calls success 200.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

OLD, NEW = 1, 2
JSON, XML = "application/json; charset=utf-8", "application/xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an answer says, before it is known how it is written: `status` is that of HTTP, where all is well 200."""

    data: Any
    status: int = 200
    message: str = "OK"

    def http(self, version: int) -> int:
        """The status of the answer itself."""
        return self.status if version == NEW or self.status in (401, 429) else 200

    def code(self, version: int) -> int:
        """The status within."""
        if self.status == 401:
            return 997
        return self.status if version == NEW or self.status != 200 else 100

    def written(self, version: int, *, as_json: bool) -> bytes:
        """The body."""
        fine = self.status < 400
        meta: Mapping[str, Any] = {
            "status": "ok" if fine else "failure",
            "statuscode": self.code(version),
            "message": self.message,
        }
        whole = {"meta": meta, "data": self.data}
        if as_json:
            return orjson.dumps({"ocs": whole})
        return b'<?xml version="1.0"?>\n' + _element("ocs", whole).encode()


def _element(name: str, value: Any) -> str:
    """A value as an element: members by their names, those of a list as `element`."""
    if isinstance(value, dict):
        inner = "".join(_element(member, part) for member, part in value.items())
    elif isinstance(value, list):
        inner = "".join(_element("element", part) for part in value)
    elif isinstance(value, bool):
        inner = "1" if value else ""
    else:
        inner = "" if value is None else escape("".join(c for c in str(value) if c.isprintable() or c in "\n\t"))
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"
