"""The picture of who has none: initials or a head and shoulders, on a colour that follows from the name."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from html import escape

COLOURS = ("#1d6b5f", "#8a3b12", "#3d5a99", "#7a3e78", "#5b6216", "#a3322b", "#2d6a8a", "#6d4a9c", "#85561a", "#3f6b35")
"""Grounds on which white letters can be read (contrast above 4.5)."""
GREY, PALE = "#6d675e", "#ece8e1"
"""The ground of nobody in particular, and that of who has not been confirmed yet."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A picture to draw. Without `letters` it is a head and shoulders."""

    letters: str
    ground: str
    ink: str = "#ffffff"
    translucent: bool = False


def initials(name: str) -> str:
    """The first letters of the first and the last word, in capitals; empty for a name without any.

    >>> initials("Alice  de la Tour")
    'AT'
    """
    words = [word for part in name.split() if (word := "".join(c for c in part if c.isalnum()))]
    # One sign each: the capital of a few letters is two of them.
    return "".join(word[0].upper()[0] for word in ([words[0], words[-1]] if len(words) > 1 else words))


def portrait(name: str, *, unconfirmed: bool = False, translucent: bool = False) -> Portrait:
    """The portrait of a person who has only a name."""
    if unconfirmed:
        return Portrait(initials(name), PALE, GREY, translucent)
    return Portrait(initials(name), COLOURS[zlib.crc32(name.encode()) % len(COLOURS)], translucent=translucent)


def nobody(*, unconfirmed: bool = False, translucent: bool = False) -> Portrait:
    """The portrait of no one in particular."""
    return Portrait("", PALE, GREY, translucent) if unconfirmed else Portrait("", GREY, translucent=translucent)


def as_svg(drawn: Portrait) -> bytes:
    """The portrait as SVG, 100 units wide."""
    if drawn.letters:
        inside = (
            f'<text x="50" y="50" dy=".36em" text-anchor="middle" font-family="system-ui,sans-serif" font-size="42" '
            f'font-weight="600" fill="{drawn.ink}">{escape(drawn.letters)}</text>'
        )
    else:
        inside = f'<g fill="{drawn.ink}"><circle cx="50" cy="38" r="17"/><circle cx="50" cy="92" r="32"/></g>'
    opacity = ' opacity=".5"' if drawn.translucent else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="256" height="256"><g{opacity}>'
        f'<clipPath id="c"><circle cx="50" cy="50" r="50"/></clipPath><g clip-path="url(#c)">'
        f'<circle cx="50" cy="50" r="50" fill="{drawn.ground}"/>{inside}</g></g></svg>'
    ).encode()
