"""Feature flags: what is switched on for an instance, said in five layers (contract-a section 7).

The first layer that names a flag wins: the instance itself, its sets, the settings of its context, the shares of its
context, the defaults of the server.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alcove.base.errors import Unprocessable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alcove.instances.contexts import Contexts
    from alcove.instances.model import Instance
    from alcove.instances.service import Instances
    from alcove.instances.store.flags import FlagDocuments

NAME_LENGTH = 200
"""Characters of the name of a flag or a set at the most."""
MOST = 1000
"""Flags of a layer at the most."""
_WHOLE = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer says: `instance`, `manager` (the sets), `config`, `context` or `default`."""

    name: str
    said: Mapping[str, Any]
    """As it was set: in `context` a list of shares for each flag."""
    flags: Mapping[str, Any]
    """What of it holds for the instance."""


class Flags:
    """Reads the flags of an instance, and changes each layer."""

    def __init__(self, documents: FlagDocuments, instances: Instances, contexts: Contexts) -> None:
        self._documents = documents
        self._instances = instances
        self._contexts = contexts

    async def of(self, instance: Instance) -> dict[str, Any]:
        """What holds for an instance, all layers taken together."""
        return merged(await self.layers(instance))

    async def layers(self, instance: Instance) -> list[Layer]:
        """The layers that say something for an instance, the strongest first."""
        stored = await self._documents.all()
        shares = stored.get(f"context.{_context(instance)}", {})
        drawn = {name: value for name in shares if (value := drawn_for(instance.id, name, shares[name])) is not None}
        plain = (
            ("instance", self.own(instance)),
            ("manager", _first_wins([stored.get(f"set.{name}", {}) for name in self.sets(instance)])),
            ("config", features(self._contexts.of(instance))),
        )
        layers = [
            *(Layer(name, flags, flags) for name, flags in plain),
            Layer("context", shares, drawn),
            Layer("default", stored.get("default", {}), stored.get("default", {})),
        ]
        return [layer for layer in layers if layer.said]

    def own(self, instance: Instance) -> Mapping[str, Any]:
        """The flags of the instance itself."""
        return instance.fields.get("feature_flags") or {}

    async def change_own(self, instance: Instance, patch: Mapping[str, Any]) -> Mapping[str, Any]:
        """Sets flags of the instance itself, a null takes one away; all of them then. Raises `Unprocessable`."""
        _check(patch)
        changed = await self._instances.alter(instance, lambda old: {"feature_flags": _patched(old, patch)})
        return self.own(changed)

    def sets(self, instance: Instance) -> list[str]:
        """The names of the sets that the instance has."""
        return list(instance.fields.get("feature_sets") or [])

    async def choose_sets(self, instance: Instance, names: Sequence[str]) -> list[str]:
        """Gives the instance these sets, by name in their order; those there are then. Raises `Unprocessable`."""
        for name in names:
            _check_name(name, "")
        chosen = sorted(set(names))
        return self.sets(await self._instances.change(instance, {"feature_sets": chosen}))

    async def set_says(self, name: str) -> dict[str, Any]:
        """The flags of a set."""
        return await self._documents.get(f"set.{name}")

    async def change_set(self, name: str, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Sets flags of a set, a null takes one away; all of them then. Raises `Unprocessable`."""
        _check_name(name, "")
        return await self._change(f"set.{name}", patch)

    def config(self, context: str) -> dict[str, Any]:
        """The flags that the settings of the server give to a context."""
        return features(self._contexts.get(context))

    async def shares(self, context: str) -> dict[str, Any]:
        """The shares of a context, as `{flag: [{"ratio": 0.1, "value": true}, ...]}`."""
        return await self._documents.get(f"context.{context}")

    async def change_shares(self, context: str, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Sets shares of a context, an empty list takes a flag away; all of them then. Raises `Unprocessable`."""
        for name, said in patch.items():
            _check_shares(name, said)
        return await self._change(f"context.{context}", {name: said or None for name, said in patch.items()})

    async def defaults(self) -> dict[str, Any]:
        """The flags of everybody."""
        return await self._documents.get("default")

    async def change_defaults(self, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Sets flags of everybody, a null takes one away; all of them then. Raises `Unprocessable`."""
        return await self._change("default", patch)

    async def _change(self, layer: str, patch: Mapping[str, Any]) -> dict[str, Any]:
        _check(patch)
        return await self._documents.change(layer, _patching(patch))


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """All flags of the layers, the first one that names a flag wins."""
    return _first_wins([layer.flags for layer in layers])


def features(context: Mapping[str, Any]) -> dict[str, Any]:
    """The flags among what a context says: a table, or a list of names and of tables with one member each."""
    said = context.get("features")
    if isinstance(said, dict):
        return dict(said)
    flags: dict[str, Any] = {}
    for item in said if isinstance(said, list) else []:
        flags |= item if isinstance(item, dict) else {str(item): True}
    return flags


def drawn_for(instance_id: str, name: str, shares: Sequence[Mapping[str, Any]]) -> Any:
    """The value of the share that an instance falls into; None when it falls into none.

    The place of an instance among all is the CRC-32 of its id and the flag's name: it never moves, and shares that
    grow keep whom they had.
    """
    place = zlib.crc32(f"{instance_id}:{name}".encode())
    for share in shares:
        ratio = share["ratio"]
        if not ratio:
            continue
        width = int(ratio * _WHOLE)
        if ratio == 1 or width >= place:
            return share["value"]
        place -= width
    return None


def _first_wins(said: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    flags: dict[str, Any] = {}
    for layer in said:
        flags = {**layer, **flags}
    return flags


def _context(instance: Instance) -> str:
    return str(instance.fields.get("context") or "")


def _patching(patch: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def patched(old: dict[str, Any]) -> dict[str, Any]:
        flags = {name: value for name, value in {**old, **patch}.items() if value is not None}
        if len(flags) > MOST:
            raise Unprocessable(f"There would be {len(flags)} flags; {MOST} are allowed")
        return flags

    return patched


def _patched(record: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    return _patching(patch)(record.get("feature_flags") or {})


def _check(patch: Mapping[str, Any]) -> None:
    for name in patch:
        _check_name(name, f"/{name[:NAME_LENGTH]}")


def _check_name(name: Any, pointer: str) -> None:
    # A name that begins with an underscore would be read as a member of the document and not as a flag.
    if not isinstance(name, str) or not 0 < len(name) <= NAME_LENGTH or name.startswith("_"):
        wrong = f"{str(name)[:40]!r} is no name: one to {NAME_LENGTH} characters, no underscore first"
        raise Unprocessable(wrong, pointer=pointer)


def _check_shares(name: str, said: Any) -> None:
    if not isinstance(said, list) or not all(_is_share(share) for share in said):
        wrong = 'shares are a list such as [{"ratio": 0.1, "value": true}], ratios from 0 to 1'
        raise Unprocessable(wrong, pointer=f"/{name[:NAME_LENGTH]}")


def _is_share(said: Any) -> bool:
    if not isinstance(said, dict) or "value" not in said:
        return False
    ratio = said.get("ratio")
    return isinstance(ratio, int | float) and not isinstance(ratio, bool) and 0 <= ratio <= 1
