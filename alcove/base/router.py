"""A trie of path segments: the last of several hundred routes is found as fast as the first."""

from __future__ import annotations

from typing import Generic, TypeVar
from urllib.parse import unquote

T = TypeVar("T")


class Node(Generic[T]):
    """What can follow a prefix of a path."""

    __slots__ = ("literal", "name", "rest", "rest_name", "value", "variable")

    def __init__(self) -> None:
        self.literal: dict[str, Node[T]] = {}
        self.variable: Node[T] | None = None
        self.name = ""
        self.value: dict[str, tuple[T, tuple[str, ...]]] = {}
        self.rest: dict[str, tuple[T, tuple[str, ...]]] = {}


class Router(Generic[T]):
    """Finds the value of a method and a path. A literal segment wins over `:name`, `:name` over `*rest`.

    >>> router = Router[str]()
    >>> router.add("GET", "/files/:id/versions", "versions")
    >>> router.find("GET", "/files/a%2Fb/versions")
    ('versions', {'id': 'a/b'})
    """

    def __init__(self) -> None:
        self._root: Node[T] = Node()
        self._methods = set[str]()

    def add(self, method: str, path: str, value: T) -> None:
        """Adds a route; raises `ValueError` when the same method and shape of path is there already."""
        self._methods.add(method)
        node, names = self._root, list[str]()
        segments = path.removeprefix("/").split("/")
        for place, segment in enumerate(segments):
            if segment.startswith("*"):
                if place != len(segments) - 1:
                    raise ValueError(f"{path}: * can only stand at the end")
                names.append(segment[1:])
                self._put(node.rest, method, path, value, names)
                return
            if segment.startswith(":"):
                names.append(segment[1:])
                if node.variable is None:
                    node.variable = Node()
                node = node.variable
            else:
                node = node.literal.setdefault(segment, Node())
        self._put(node.value, method, path, value, names)

    @staticmethod
    def _put(table: dict[str, tuple[T, tuple[str, ...]]], method: str, path: str, value: T, names: list[str]) -> None:
        if method in table:
            raise ValueError(f"{method} {path} is declared twice")
        table[method] = (value, tuple(names))

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]] | None:
        """The value and the named parts, or None. `path` is the raw one: segments are decoded after the split."""
        segments = path.removeprefix("/").split("/")
        found = self._walk(self._root, segments, 0, method, [])
        if found is None:
            return None
        (value, names), parts = found
        return value, dict(zip(names, parts, strict=True))

    def methods(self, path: str) -> list[str]:
        """The methods that this path has: for 405 and OPTIONS."""
        return sorted(method for method in self._methods if self.find(method, path) is not None)

    def _walk(
        self, node: Node[T], segments: list[str], place: int, method: str, parts: list[str]
    ) -> tuple[tuple[T, tuple[str, ...]], list[str]] | None:
        if place == len(segments):
            hit = node.value.get(method)
            return (hit, parts) if hit else None
        segment = segments[place]
        following = node.literal.get(segment)
        if following is not None:
            found = self._walk(following, segments, place + 1, method, parts)
            if found:
                return found
        if node.variable is not None and segment:
            found = self._walk(node.variable, segments, place + 1, method, [*parts, unquote(segment)])
            if found:
                return found
        hit = node.rest.get(method)
        return (hit, [*parts, "/".join(segments[place:])]) if hit else None
