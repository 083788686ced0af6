"""A house in a thread, which the commands find instead of a server of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from alcove_client import Operator, Place

from alcove.cli import running as finding
from alcove.cli.running import Running
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from alcove.base.config import Settings


class Bridge(httpx.BaseTransport):
    """Carries requests of a client that waits to a house whose loop runs in another thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, client: httpx.AsyncClient) -> None:
        self._loop = loop
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def send() -> httpx.Response:
            content = request.read()
            headers = {name: value for name, value in request.headers.items() if name != "host"}
            url = request.url.copy_with(host=request.headers.get("host", "admin").partition(":")[0], port=None)
            answer = await self._client.request(request.method, url, content=content, headers=headers)
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

        return asyncio.run_coroutine_threadsafe(send(), self._loop).result()


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """A house in a thread of its own; the commands find it instead of one of this machine."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    opening = front(contexts={"beta": {}})
    house = run(opening.__aenter__())
    public = httpx.AsyncClient(transport=httpx.ASGITransport(house.public))

    class Here(Running):
        def place(self, domain: str, scope: str) -> Place:
            return Place(self.url, domain, self.operator.token(domain, scope=scope), Bridge(loop, public))

    @contextlib.contextmanager
    def running(settings: Settings) -> Iterator[Running]:
        operator = Operator("http://admin", "", Bridge(loop, house.operator))
        yield Here(settings, "http://here", operator)

    monkeypatch.setattr(finding, "_running", running)
    yield house
    run(public.aclose())
    run(opening.__aexit__(None, None, None))
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
