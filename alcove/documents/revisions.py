"""Revision trees: which revisions a document has, which one wins, what is left out after a thousand.

A tree is kept as its leaves, each with the line of its ancestors. The bodies of ancestors are not kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alcove.documents.errors import BadDocument

if TYPE_CHECKING:
    from collections.abc import Iterable

LIMIT = 1000
"""Revisions of a line that are remembered (CouchDB's own default)."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of a tree: its revision, its ancestors' hashes from the parent on, and its content."""

    generation: int
    hash: str
    ancestors: tuple[str, ...]
    deleted: bool
    body: bytes

    @property
    def rev(self) -> str:
        """The revision as clients write it: `3-0123...`."""
        return f"{self.generation}-{self.hash}"

    @property
    def line(self) -> list[str]:
        """All known revisions of this line, the newest first."""
        hashes = (self.hash, *self.ancestors)
        return [f"{self.generation - back}-{name}" for back, name in enumerate(hashes)]


def parse(rev: str) -> tuple[int, str]:
    """Generation and hash of a revision; raises `BadDocument`."""
    generation, dash, name = rev.partition("-")
    # Revisions are stored parted by commas and answered as they are; a generation has 15 digits at the most.
    valid = dash and rev.isascii() and name.isalnum() and generation.isdigit() and len(generation) < 16
    if not valid or len(name) > 128 or int(generation) == 0:
        raise BadDocument("Invalid rev format")
    return int(generation), name


def next_hash(parent: str, deleted: bool, body: bytes) -> str:
    """The hash of an edit. The same edit of the same revision has the same name everywhere, so its echoes converge."""
    digest = hashlib.md5(b"%s\n%d\n" % (parent.encode(), deleted), usedforsecurity=False)
    digest.update(body)
    return digest.hexdigest()


def rank(leaf: Leaf) -> tuple[bool, int, str]:
    """What decides who wins: living before deleted, then the longest line, then the greatest hash."""
    return (not leaf.deleted, leaf.generation, leaf.hash)


def winner(leaves: Iterable[Leaf]) -> Leaf:
    """The leaf that clients see; the same on every replica that knows the same leaves."""
    return max(leaves, key=rank)


def merge(leaves: Iterable[Leaf], new: Leaf, limit: int = LIMIT) -> list[Leaf]:
    """The leaves after `new` arrived with its line: it may extend a leaf, be known already, or branch off.

    The order in which lines arrive makes no difference.
    """
    inputs = [*leaves, new]
    parents = dict[str, str | None]()
    contents = dict[str, Leaf]()
    for leaf in inputs:
        line = leaf.line
        contents.setdefault(line[0], leaf)
        for rev, parent in zip(line, [*line[1:], None], strict=True):
            if parents.get(rev) is None:
                parents[rev] = parent
    inner = set(parents.values())
    merged = [_follow(leaf, parents, limit) for rev, leaf in contents.items() if rev not in inner]
    return sorted(merged, key=rank, reverse=True)


def _follow(leaf: Leaf, parents: dict[str, str | None], limit: int) -> Leaf:
    ancestors = list[str]()
    parent = parents[leaf.rev]
    while parent is not None and len(ancestors) < limit - 1:
        ancestors.append(parent.split("-", 1)[1])
        parent = parents[parent]
    return Leaf(leaf.generation, leaf.hash, tuple(ancestors), leaf.deleted, leaf.body)
