"""Asks every route for what nobody should ask, as schemathesis draws it from the description of the API.

    python dev/fuzz.py [--seed 1] [--rounds 20] [--only /data]

Every answer must be below 500 and come within 5 seconds. `--rounds` is how many requests each route gets, half of them
such that the description allows them; 600 are more than 200,000 requests in all. Routes of a browser are asked with the
cookie of a session. How far it is stands on the standard error, a line for each route. The house is in memory; nothing
is sent out.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from openapi import describe
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from alcove.base.http import Guard
from alcove.identity import Gate, Sessions
from alcove.instances import Instances
from alcove.server.testing import OPERATOR, Front, front

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from alcove.base.http import Route

    Tell = Callable[[str], None]

DOMAIN = "fuzz.example"
PATIENCE = 5.0
"""Seconds that an answer may take."""
DEEP = "[" * 3000 + "]" * 3000
NAMES = [
    "x", "%00", "../../etc", "a" * 3000, "io.cozy.files.root-dir", "io.cozy.files.trash-dir", "😀", "_design", "_all_docs",
    "io.cozy.bills", "io.cozy.konnectors/bankfiles", "\u202egpj.exe", "-1", "0",
]  # fmt: skip
DOCTYPES = [
    "io.cozy.bills",
    "io.cozy.contacts",
    "io.cozy.files",
    "io.cozy.accounts",
    "io.cozy.sessions",
    "Ünfit",
    "x" * 300,
]
VALUES = [
    "", "-1", "abc", "1e9", "99999999999999999999", "null", "true", "[", '"x"', "[1,2]", "{}", "\x00", "é" * 500, "../..",
    "2026-13-45",
]  # fmt: skip
SCALARS: list[Any] = [
    None, True, -1, 0, 1e308, float(2**63), "", "x" * 5000, "\x00", "io.cozy.files.root-dir", [], {}, [None],
    {"a": {"b": []}}, {"$and": [{"a": {"$regex": "(a+)+$"}}]}, {"$gt": None}, [{"a": "desc"}],
]  # fmt: skip
TEXTS = ["", "{", "null", "1", '"x"', "[]", "{}", '{"a":', "NaN", DEEP, '{"docs":' + DEEP + "}"]


def pointed(said: dict[str, Any]) -> dict[str, Any]:
    """The description with the values that something may break on, among all others that it allows."""
    for path in said["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                if parameter["name"] == "doctype":
                    parameter["schema"] = {"enum": DOCTYPES}
                elif parameter["in"] != "header":
                    odd = NAMES if parameter["in"] == "path" else VALUES
                    parameter["schema"] = {"anyOf": [{"enum": odd}, parameter["schema"]]}
            if "requestBody" in operation:
                bodies = operation["requestBody"]["content"]
                plain = bodies["application/json"]["schema"]["properties"]
                plain |= {name: {"anyOf": [{"enum": SCALARS}, {}]} for name in plain}
                bodies["text/plain"] = {"schema": {"anyOf": [{"enum": TEXTS}, {"type": "string"}]}}
    return said


def drawn(operation: Any, number: int, start: int) -> Iterator[requests.PreparedRequest]:
    """Requests for one route: such that the description allows, and such that it does not."""
    for mode, count in ((GenerationMode.POSITIVE, number - number // 2), (GenerationMode.NEGATIVE, number // 2)):
        for case in _cases(operation, mode, count, start) if count else ():
            with contextlib.suppress(requests.RequestException, UnicodeError):  # what no client can send
                yield requests.Request(**case.as_transport_kwargs(base_url=f"http://{DOMAIN}")).prepare()


def _cases(operation: Any, mode: GenerationMode, count: int, start: int) -> list[Any]:
    cases = list[Any]()

    @seed(start)
    @settings(
        max_examples=count, deadline=None, derandomize=False, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=mode))
    def draw(case: Any) -> None:
        cases.append(case)

    with contextlib.suppress(Unsatisfiable):  # where anything goes, nothing is wrong
        draw()
    return cases


async def attack(entry: Front, start: int, rounds: int, only: str, tell: Tell) -> tuple[list[str], Counter[int]]:
    """Sends `rounds` odd requests to every route; answers a line for each fault of ours, and the statuses seen."""
    found: list[str] = []
    seen: Counter[int] = Counter()
    async with entry.client(DOMAIN, "*", Accept="application/json") as client, _browser(entry) as browser:
        for sender, may_ask in ((client, _asked), (browser, _asked_by_browsers), (entry.operator, _asked_by_operator)):
            described = describe(filter(may_ask, entry.house.routes))
            for operation in schemathesis.openapi.from_dict(pointed(described)).get_all_operations():
                assert isinstance(operation, Ok), "the description is ours"
                route = operation.ok()
                if not route.path.startswith(only):
                    continue
                for request in drawn(route, rounds, start):
                    status = await _send(sender, request)
                    seen[status] += 1
                    if status >= 500 or not status:
                        found.append(f"{status} {request.method} {request.url} {str(request.body)[:300]}"[:700])
                tell(f"{sum(seen.values())} requests, {len(found)} faults: {route.method.upper()} {route.path}")
    return found, seen


def _browser(entry: Front) -> httpx.AsyncClient:
    """A client on whose requests the front finds a session, whatever was ended before."""
    gate, sessions = entry.house.need(Gate), entry.house.need(Sessions)

    async def with_session(request: httpx.Request) -> None:
        instance = entry.house.need(Instances).by_domain(DOMAIN)
        _, value = await sessions.open(instance, long_run=False)
        request.headers["Cookie"] = gate.cookie(instance, value).partition(";")[0]

    client = entry.client(DOMAIN, None, Accept="application/json")
    client.event_hooks["request"].append(with_session)
    return client


def _asked(route: Route) -> bool:
    return not route.operator and route.guard is not Guard.SESSION


def _asked_by_browsers(route: Route) -> bool:
    return not route.operator and route.guard in (Guard.SESSION, Guard.EITHER)


def _asked_by_operator(route: Route) -> bool:
    """All but the change and the removal of the instance under test, which would end the run."""
    return route.operator and not (route.method in ("DELETE", "PATCH") and route.path == "/instances/:domain")


async def _send(client: httpx.AsyncClient, request: requests.PreparedRequest) -> int:
    """The status of the answer; 0 when none came in time."""
    body = request.body.encode() if isinstance(request.body, str) else request.body
    assert body is None or isinstance(body, bytes), "nothing is streamed"
    headers = {
        name.encode(): value if isinstance(value, bytes) else value.encode()
        for name, value in request.headers.items()
        if name.lower() not in ("user-agent", "content-length", "connection", "accept")
    }
    try:
        async with asyncio.timeout(PATIENCE):
            answer = await client.request(
                str(request.method), str(request.url), content=body, headers=[*headers.items()]
            )
    except TimeoutError:
        return 0
    return answer.status_code


def quietly(line: str) -> None:
    """Tells nobody how far the run is."""


async def run(start: int, rounds: int, only: str = "", tell: Tell = quietly) -> tuple[list[str], Counter[int]]:
    """A fresh house, attacked."""
    async with front(admin_passphrase=OPERATOR) as entry:
        await entry.instance(DOMAIN)
        return await attack(entry, start, rounds, only, tell)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", default="", help="routes whose path begins so")
    args = parser.parse_args()
    found, seen = asyncio.run(
        run(args.seed, args.rounds, args.only, lambda line: print(line, file=sys.stderr, flush=True))
    )
    for line in found:
        sys.stdout.write(line + "\n")
    sys.stdout.write(f"statuses: {dict(sorted(seen.items()))}\n")
    sys.stdout.write(f"{len(found)} of {sum(seen.values())} requests were answered with a fault of ours\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
