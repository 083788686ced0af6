"""The ways out of one run: to its own server, and through the broker to where it may connect to."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from alcove.base.confined import Bind, Level
from alcove.connectors.service.relay import relay
from alcove.egress import PROXY, Broker, Brokers, Home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from alcove.base.confined import Confinement
    from alcove.connectors.service.reaching import RunReach
    from alcove.connectors.service.services import Nowhere
    from alcove.instances import Instance

SOCKET = "/run/alcove/stack.sock"
ETC = Path(__file__).resolve().parents[1] / "etc"
"""What a run with a way out finds in /etc: whom to ask for names."""
CERTIFICATES = tuple(map(Path, ("/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted")))
"""Where systems keep the certificates of authorities."""


class Port(Protocol):
    """Where this server listens for people."""

    @property
    def host(self) -> str:
        """The address that it listens on."""
        ...

    @property
    def port(self) -> int:
        """The port."""
        ...

    @property
    def scheme(self) -> str:
        """The scheme of the URLs that are given out."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """What a run is told and given so that it finds out."""

    url: str
    """Where it finds its own server."""
    folder: Path
    """A folder for this run, which only the server can enter."""
    env: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[Bind, ...] = ()
    broker: Broker | None = None

    @property
    def doors(self) -> Broker | None:
        """Who answers in its network; nobody where it has none of its own."""
        return self.broker if self.broker is not None and not self.broker.secret else None


class Ways:
    """Opens the ways of runs."""

    def __init__(self, port: Port, brokers: Brokers) -> None:
        self._port = port
        self._brokers = brokers

    @contextlib.asynccontextmanager
    async def open(
        self, instance: Instance, who: str, confinement: Confinement, reach: RunReach | Nowhere | None
    ) -> AsyncIterator[Way]:
        """The ways of one run of `who`; without a `reach` to the server by the socket alone.

        At the end every connection is closed.
        """
        domain = instance.domain
        address = "127.0.0.1" if self._port.host in ("", "0.0.0.0", "::") else self._port.host  # noqa: S104
        async with relay(address, self._port.port) as socket:
            bind = Bind(socket, SOCKET)
            env = {"ALCOVE_SOCKET": confinement.place(bind)}
            url = f"{self._port.scheme}://{domain}/"
            if reach is None:
                yield Way(url, socket.parent, env, (bind,))
                return
            host, _, port = domain.partition(":")
            home = Home(host, int(port or 80), address, self._port.port)
            broker = self._brokers.make(instance.key, who, home, reach, reach.ports)
            try:
                if confinement.level is Level.NAMESPACES:
                    # Within the child's network nobody speaks TLS for this server, and nobody else hears.
                    yield Way(f"http://{domain}/", socket.parent, env | _inside(), (bind, *_sees()), broker)
                else:
                    yield Way(url, socket.parent, env | await _beside(broker, host), (bind,), broker)
            finally:
                await broker.close()


def _inside() -> dict[str, str]:
    return {"ALCOVE_PROXY": f"http://127.0.0.1:{PROXY}"}


async def _beside(broker: Broker, host: str) -> dict[str, str]:
    """What leads programs that ask their environment through the proxy: nothing holds back those that do not."""
    port = await broker.serve_here()
    proxy = f"http://run:{broker.secret}@127.0.0.1:{port}"
    told = {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": f"{host},127.0.0.1,localhost"}
    return {"ALCOVE_PROXY": proxy, **told, **{name.upper(): value for name, value in told.items()}}


def _sees() -> tuple[Bind, ...]:
    ours = [Bind(path, f"/etc/{path.name}") for path in sorted(ETC.iterdir())]
    return (*ours, *(Bind(path, str(path)) for path in CERTIFICATES if path.is_dir()))
