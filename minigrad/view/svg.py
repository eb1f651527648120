"""The graph as a drawing that needs nothing else: boxes in rows, the output on top, lines from what is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple
from xml.sax.saxutils import escape

from minigrad.view.parts import Link, Part
from minigrad.view.rows import Places, placed, upper_first

_LETTER, _LINE, _PADDING = 7.3, 15, 8  # pixels: of the fixed-width letters, and around them
_GAP, _RISE = 18.0, 44.0  # between boxes, and between rows

_STYLE = """\
text { font: 12px ui-monospace, Menlo, Consolas, monospace; text-anchor: middle; fill: #1d2733 }
.op { fill: #eaf1fa; stroke: #6b8cb5 } .leaf { fill: #f7f3e8; stroke: #b9a66b }
path { fill: none; stroke: #7c8794 } .earlier { stroke: #b06a3b; stroke-dasharray: 5 4 }
.quiet { fill: #5f6b78; font-size: 10px }"""

_Point = tuple[float, float]


class _Box(NamedTuple):
    """A part's box by its middle, its top and its foot; a place of a line is one without width."""

    x: float
    top: float
    foot: float
    width: float


def svg(parts: Sequence[Part], output: Link) -> str:
    """An svg element with its style in it."""
    widths = [max(map(len, part.words)) * _LETTER + 2 * _PADDING for part in parts]
    places = placed(parts, output, widths, _GAP)
    boxes = _boxes(parts, places, widths)
    width = max(b.x + b.width / 2 for b in boxes) + 3 * _GAP
    height = max(b.foot for b in boxes) + _GAP
    title = escape(f"{parts[output.part].words[0]}: {sum(p.times for p in parts):,} ops and leaves")
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}">',
            f"<title>{title}</title>",
            f"<style>{_STYLE}</style>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *_lines(parts, places, boxes),
            *(_box(part, box) for part, box in zip(parts, boxes, strict=False)),
            "</svg>",
        ]
    )


def _boxes(parts: Sequence[Part], places: Places, widths: Sequence[float]) -> list[_Box]:
    """Those of parts, and then the places of lines."""
    heights = [len(part.words) * _LINE + _PADDING for part in parts]
    highest = [0] * (max(places.row) + 1)
    for r, height in zip(places.row, heights, strict=False):
        highest[r] = max(highest[r], height)
    tops = [*accumulate((height + _RISE for height in highest), initial=_GAP)]
    left = min(x - w / 2 for x, w in zip(places.x, widths, strict=False)) - _GAP
    sizes = [*zip(widths, heights, strict=True)]
    sizes += [(0.0, highest[r]) for r in places.row[len(parts) :]]
    return [_Box(x - left, tops[r], tops[r] + h, w) for r, x, (w, h) in zip(places.row, places.x, sizes, strict=True)]


def _box(part: Part, box: _Box) -> str:
    kind, corner = ("leaf", 2) if part.leaf else ("op", 7)
    place = f'x="{box.x - box.width / 2:.1f}" y="{box.top:.1f}" width="{box.width:.1f}"'
    rect = f'<rect class="{kind}" {place} height="{box.foot - box.top:.1f}" rx="{corner}"/>'
    return rect + "".join(_words(words, box, k) for k, words in enumerate(part.words))


def _words(words: str, box: _Box, k: int) -> str:
    """Line k of a box; those below the title are smaller."""
    quiet = ' class="quiet"' if k else ""
    return f'<text{quiet} x="{box.x:.1f}" y="{box.top + _LINE * (k + 1):.1f}">{escape(words)}</text>'


def _lines(parts: Sequence[Part], places: Places, boxes: Sequence[_Box]) -> Iterator[str]:
    """To the place of each input at the foot of its reader; or to its head, where a copy before is read from above."""
    for k, part in enumerate(parts):
        for slot, links in enumerate(part.slots):
            share = (slot + 1) / (len(part.slots) + 1) - 0.5
            for link in links:
                yield _line(k, link, share, places, boxes)


def _line(reader: int, link: Link, share: float, places: Places, boxes: Sequence[_Box]) -> str:
    box, source = boxes[reader], boxes[link.part]
    if places.row[reader] == places.row[link.part]:
        path = _loop(source, box)
    else:
        upper, lower = upper_first(reader, link, places.row)
        ends = {reader: box.x + share * box.width, link.part: source.x + (source.width / 4 if link.earlier else 0)}
        middle = [(boxes[k].x, y) for k in places.passes[upper, lower] for y in (boxes[k].top, boxes[k].foot)]
        path = _curve([(ends[upper], boxes[upper].foot), *middle, (ends[lower], boxes[lower].top)])
    if not link.earlier:
        return f'<path d="{path}"/>'
    back = "one step before" if link.earlier == 1 else f"{link.earlier} steps before"
    return f'<path class="earlier" d="{path}"><title>{back}</title></path>'


def _curve(points: Sequence[_Point]) -> str:
    """From point to point, down all the way."""
    pieces = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        middle = (y + to_y) / 2
        pieces.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
    return "".join(pieces)


def _loop(source: _Box, reader: _Box) -> str:
    """Out at the right of a box and back in below, as of an op that reads itself one step before."""
    out, y, side = source.x + source.width / 2, (source.top + source.foot) / 2, reader.x + reader.width / 4
    return (
        f"M{out:.1f} {y:.1f}C{out + 30:.1f} {y:.1f} {out + 20:.1f} {reader.foot + 26:.1f} {side:.1f} {reader.foot:.1f}"
    )
