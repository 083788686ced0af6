"""What browsers send to the pages of identity, and where these lead to."""

from __future__ import annotations

import hmac
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from alcove.base.errors import BadRequest, Unprocessable
from alcove.identity.errors import CsrfMissing, CsrfWrong
from alcove.identity.sessions.service import Visitor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from alcove.base.http import Call
    from alcove.instances import Instance, Instances

PAGES = Path(__file__).parents[1] / "pages"
"""The templates of these pages."""
FORM_LIMIT = 64 << 10
"""Bytes of a form at the most."""
ROUNDS = range(50_000, 5_000_001)
"""Rounds of PBKDF2 that a client may choose (contract-a section 2)."""

_SHORT = re.compile(r"([a-z0-9-]+)(/[^\\]*)?")


def visitor_of(call: Call) -> Visitor:
    """Where a call comes from."""
    client = call.request.client
    return Visitor(client.host if client else "", call.request.headers.get("user-agent", ""))


def set_csrf(response: Response, csrf: str) -> Response:
    """Gives a page with a form the cookie that its token is held against (contract-a section 2)."""
    response.set_cookie("_csrf", csrf, max_age=3600, path="/auth", httponly=True, samesite="strict")
    return response


async def read_form(call: Call) -> dict[str, str]:
    """The fields of a form; raises `BadRequest`."""
    body = await call.body(FORM_LIMIT)
    try:
        return {k: v[0] for k, v in parse_qs(body.decode(), keep_blank_values=True, max_num_fields=50).items()}
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("The form cannot be read") from None


async def read_fields(call: Call) -> dict[str, Any]:
    """The fields of a body that may be JSON or a form; raises `BadRequest`."""
    if call.request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(await read_form(call))
    return await call.json_object(FORM_LIMIT)


def check_csrf(call: Call, said: str) -> None:
    """Raises `CsrfMissing`, `CsrfWrong` unless the form has the token that its page was given."""
    if not said:
        raise CsrfMissing
    cookie = call.request.cookies.get("_csrf", "")
    if not cookie or not hmac.compare_digest(said.encode(), cookie.encode()):
        raise CsrfWrong


def hashed(fields: Mapping[str, Any], name: str) -> str:
    """The field that holds a client's form of a passphrase; raises `Unprocessable` when it is missing."""
    value = fields.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 1024:
        raise Unprocessable(f"{name} is missing", pointer=f"/{name}")
    return value


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """The field of that name; empty when it is missing, or no text."""
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""


def rounds(fields: Mapping[str, Any]) -> int:
    """The field `iterations`; raises `Unprocessable` when it is not allowed."""
    said = str(fields.get("iterations", ""))
    if not said.isdecimal() or len(said) > 9 or int(said) not in ROUNDS:
        allowed = f"from {ROUNDS.start} to {ROUNDS.stop - 1} rounds are allowed"
        raise Unprocessable(f"iterations is {said[:20]!r}: {allowed}", pointer="/iterations")
    return int(said)


def check_origin(call: Call) -> None:
    """Raises `CsrfWrong` unless a page of this very origin sent the call: apps on hosts beside it are the same site."""
    origin = call.request.headers.get("origin", "")
    if origin and urlsplit(origin).netloc != call.request.headers.get("host"):
        raise CsrfWrong


def way(instances: Instances, scheme: str, instance: Instance, wanted: str) -> str:
    """Where a login may lead: the instance or one of its apps, nowhere else; raises `BadRequest`.

    `wanted` is a URL, or short for one: `slug/path#hash` (contract-a section 3). Empty, it is the instance itself.
    """
    if not wanted:
        return f"{scheme}://{instance.domain}/"
    short = _SHORT.fullmatch(wanted)
    if short and not (short[2] or "").startswith("//"):
        return f"{scheme}://{instances.app_host(instance, short[1])}{short[2] or '/'}"
    parts = urlsplit(wanted)
    found = instances.by_host(parts.netloc) if parts.scheme in ("http", "https") else None
    if found is None or found[0].id != instance.id or "\\" in wanted:
        raise BadRequest("bad url: should be subdomain")
    return wanted
