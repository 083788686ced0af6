"""Numbers for nodes: clients of the Nextcloud dialect know a file by one, through every move and rename."""

from __future__ import annotations

import re
from hashlib import blake2b

_DIGITS = re.compile(r"0*([1-9]\d{0,18})", re.ASCII)


def number_of(node_id: str) -> int:
    """The number of a node: 63 bits, which fit into what phones keep it in. It is made of the id, and stays.

    >>> number_of("io.cozy.files.root-dir") == number_of("io.cozy.files.root-dir")
    True
    """
    return int.from_bytes(blake2b(node_id.encode(), digest_size=8).digest(), "big") >> 1 or 1


def file_id(number: int, place: str) -> str:
    """The number with the name of the place behind it: what tells files of two servers apart (`oc:id`)."""
    return f"{number:08d}{place}"


def number_in(said: str) -> int | None:
    """The number in what a client says of a file, with or without the name of the place; None for none.

    >>> number_in("00000042oc1a2b"), number_in("x")
    (42, None)
    """
    found = _DIGITS.match(said)
    return int(found[1]) if found is not None else None
