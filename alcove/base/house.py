"""The house as it is put together: what each room provides, needs and registers. Only `wiring.py` files see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.base.config import Settings
    from alcove.base.http import Route, SocketRoute

T = TypeVar("T")

Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Slot(Generic[T]):
    """The name and type of a registry: declared in a lower room's door, filled by higher rooms' wiring."""

    name: str
    about: str


class Registry(Generic[T]):
    """Entries by name, in the order they came."""

    def __init__(self, slot: Slot[T]) -> None:
        self.slot = slot
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> None:
        """Registers an entry; raises `ValueError` when the name is taken."""
        if name in self._entries:
            raise ValueError(f"{self.slot.name}: {name} is registered twice")
        self._entries[name] = entry

    def get(self, name: str) -> T | None:
        """The entry of that name."""
        return self._entries.get(name)

    def items(self) -> Iterator[tuple[str, T]]:
        """Names and entries."""
        return iter(list(self._entries.items()))

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._entries.values()))

    def __len__(self) -> int:
        return len(self._entries)


class House:
    """Put together floor by floor: each room's `register(house)` takes what it needs and provides what it is."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.routes: list[Route] = []
        self.sockets: list[SocketRoute] = []
        self.starting: list[tuple[str, Step]] = []
        self.leaving: list[tuple[str, Step]] = []
        self.stopping: list[tuple[str, Step]] = []
        self.registries: dict[str, Registry[Any]] = {}
        self._parts: dict[type[Any], Any] = {}

    def provide(self, kind: type[T], part: T) -> T:
        """Makes a room's service known by its type; gives it back."""
        if kind in self._parts:
            raise ValueError(f"{kind.__name__} is provided twice")
        self._parts[kind] = part
        return part

    def need(self, kind: type[T]) -> T:
        """The part of that type, from a lower floor; raises `LookupError` when no room provided it."""
        if kind not in self._parts:
            raise LookupError(f"no room provides {kind.__name__}: is its wiring called, and before this one?")
        return cast("T", self._parts[kind])

    def later(self, kind: type[T]) -> Callable[[], T]:
        """Asks for a part of a higher floor, known by a Protocol of this one, when it is first used."""
        return lambda: self.need(kind)

    def registry(self, slot: Slot[T]) -> Registry[T]:
        """The registry of that slot."""
        return cast("Registry[T]", self.registries.setdefault(slot.name, Registry(slot)))

    def add_routes(self, *routes: Route) -> None:
        """Adds lines to the route table."""
        self.routes.extend(routes)

    def add_sockets(self, *sockets: SocketRoute) -> None:
        """Adds websocket paths."""
        self.sockets.extend(sockets)

    def on_start(self, name: str, step: Step) -> None:
        """A step to run when the server starts, in the order of the floors."""
        self.starting.append((name, step))

    def on_leave(self, name: str, step: Step) -> None:
        """A step to run before the ports close: it ends what talks to this server itself."""
        self.leaving.append((name, step))

    def on_stop(self, name: str, step: Step) -> None:
        """A step to run when it stops, in the reverse order."""
        self.stopping.insert(0, (name, step))
