"""Describes the HTTP API in OpenAPI, from the route tables: `python dev/openapi.py [--operator] > openapi.json`.

What a table does not say is read from the source of the handlers: the parameters and members that a room asks for by
name. So the description is never behind the code; it says what may be sent, not which of it a route needs.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from map import house

from alcove.base.http import jsonapi_errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alcove.base.http import Route

TEXT = {"type": "string"}
HEADERS = ("If-Match", "If-None-Match", "Range", "Content-MD5", "Date", "Destination")
WRITING = ("POST", "PUT", "PATCH", "DELETE")
_QUERY = re.compile(r"""query(?:_params)?(?:\.get)?\(\s*"([\w\[\]-]+)"|said\.get\(\s*"([\w\[\]-]+)\"""")
_MEMBER = re.compile(r"""\.get\(\s*"([\w$-]+)"|\["([\w$-]+)"\]""")


@cache
def _asked(module: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of parameters, and those of members of bodies, that a module speaks of."""
    source = inspect.getsource(sys.modules[module])
    query, members = ({one or other for one, other in names.findall(source)} for names in (_QUERY, _MEMBER))
    return tuple(sorted(query)), tuple(sorted(members | query))


def _parameter(name: str, place: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": dict(TEXT)}


def operation(route: Route) -> dict[str, Any]:
    """What OpenAPI says of one route."""
    query, members = _asked(route.handler.__module__)
    parts = [part[1:] for part in route.path.split("/") if part[:1] in (":", "*")]
    said: dict[str, Any] = {
        "operationId": f"{route.method} {route.path}",
        "summary": (inspect.getdoc(route.handler) or "").split("\n")[0],
        "tags": [route.handler.__module__.split(".")[1]],
        "parameters": [
            *(_parameter(name, "path") for name in parts),
            *(_parameter(name, "query") for name in query),
            *(_parameter(name, "header") for name in HEADERS),
        ],
        "responses": {"default": {"description": f"guard: {route.guard.value}"}},
    }
    if route.method in WRITING:
        said["requestBody"] = {"content": _bodies(members, route.errors is jsonapi_errors)}
    return said


def _bodies(members: Iterable[str], in_jsonapi: bool) -> dict[str, Any]:
    """What a body may hold, by media type: the members as they are, or as the attributes of a resource."""
    plain: dict[str, Any] = {"type": "object", "properties": {name: {} for name in members}}
    if not in_jsonapi:
        return {"application/json": {"schema": plain}}
    resource = {"type": "object", "properties": {"type": TEXT, "id": TEXT, "attributes": plain}}
    whole = {"type": "object", "required": ["data"], "properties": {"data": {"anyOf": [resource, _listed(resource)]}}}
    return {"application/json": {"schema": plain}, "application/vnd.api+json": {"schema": whole}}


def _listed(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """The description of these routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in sorted(routes, key=lambda one: (one.path, one.method)):
        path = re.sub(r"[:*]([\w-]+)", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = operation(route)
    return {"openapi": "3.1.0", "info": {"title": "Alcove", "version": "1"}, "paths": paths}


if __name__ == "__main__":
    wanted = "--operator" in sys.argv
    json.dump(describe(route for route in house().routes if route.operator is wanted), sys.stdout, indent=1)
