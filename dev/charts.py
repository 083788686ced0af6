"""Line charts as SVG, on logarithmic axes: small, readable in light and dark, without any library."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WIDTH, HEIGHT = 460, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 34, 40
"""Pixels of a panel, and those around its lines; the names of these stand on the right."""
COLOURS = ("#1d6b5f", "#a04a16", "#3c5fa8", "#8a3d79")
STYLE = """
svg { font: 12px system-ui, sans-serif; background: #fff; } text { fill: #24221f; } .quiet { fill: #6d675e; }
.grid { stroke: #d8d2c7; stroke-width: 1; } .line { fill: none; stroke-width: 2; } .title { font-weight: 600; }
@media (prefers-color-scheme: dark) {
  svg { background: #191816; } text { fill: #ece8e1; } .quiet { fill: #a8a197; } .grid { stroke: #433f39; }
}
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart: its title, what the axis below counts, and points by the name of their line."""

    title: str
    below: str
    lines: Mapping[str, Sequence[tuple[float, float]]]


def chart(panels: Sequence[Panel], columns: int = 2) -> str:
    """The panels beside and below each other, as an SVG document."""
    rows = math.ceil(len(panels) / columns)
    size = f'width="{WIDTH * columns}" height="{HEIGHT * rows}" viewBox="0 0 {WIDTH * columns} {HEIGHT * rows}"'
    drawn = []
    for place, panel in enumerate(panels):
        x, y = WIDTH * (place % columns), HEIGHT * (place // columns)
        drawn.append(f'<g transform="translate({x} {y})">{"".join(_panel(panel))}</g>')
    about = escape("; ".join(panel.title for panel in panels))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{about}">'
    return f"{head}<style>{STYLE}</style>{''.join(drawn)}</svg>\n"


class Axis:
    """A logarithmic axis over whole powers of ten, from one pixel to another."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        seen = [value for value in values if value > 0] or [1.0]
        self.low, self.high = math.floor(math.log10(min(seen))), math.ceil(math.log10(max(seen)))
        if self.high == self.low:
            self.high += 1
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        """The pixel of a value; what is nothing lies at the beginning."""
        share = (math.log10(value) - self.low) / (self.high - self.low) if value > 0 else 0.0
        return round(self._start + share * (self._end - self._start), 1)

    def ticks(self) -> list[float]:
        """The powers of ten."""
        return [10.0**power for power in range(self.low, self.high + 1)]


def _panel(panel: Panel) -> Iterator[str]:
    points = [point for line in panel.lines.values() for point in line]
    across = Axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    yield f'<text class="title" x="{LEFT}" y="18">{escape(panel.title)}</text>'
    for tick in up.ticks():
        y = up.at(tick)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="quiet" x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{short(tick)}</text>'
    for tick in across.ticks():
        x = across.at(tick)
        yield f'<text class="quiet" x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{short(tick)}</text>'
    yield f'<text class="quiet" x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{escape(panel.below)}</text>'
    for place, (name, line) in enumerate(panel.lines.items()):
        colour = COLOURS[place % len(COLOURS)]
        path = " ".join(f"{across.at(x)},{up.at(y)}" for x, y in line)
        yield f'<polyline class="line" stroke="{colour}" points="{path}"/>'
        for x, y in line:
            yield f'<circle cx="{across.at(x)}" cy="{up.at(y)}" r="3" fill="{colour}"/>'
        if len(panel.lines) > 1:
            y = TOP + 12 + 18 * place
            yield f'<text x="{WIDTH - RIGHT + 12}" y="{y}" style="fill:{colour}">{escape(name)}</text>'


def short(value: float) -> str:
    """A number in few signs.

    >>> short(1000), short(1_000_000), short(0.1)
    ('1k', '1M', '0.1')
    """
    for size, sign in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{sign}"
    return f"{value:g}"
