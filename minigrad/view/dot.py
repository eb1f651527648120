"""The graph in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minigrad.view.parts import Link, Part


def dot(parts: Sequence[Part]) -> str:
    """Inputs below, the output on top; dashed where a copy reads from one before, with how many steps lie between."""
    return "\n".join(["digraph {", "  rankdir=BT", "  node [fontname=monospace]", *_statements(parts), "}"])


def _statements(parts: Sequence[Part]) -> Iterator[str]:
    for k, part in enumerate(parts):
        label = "\\n".join(map(_escaped, part.words))
        yield f'  p{k} [label="{label}", shape=box{"" if part.leaf else ", style=rounded"}]'
        for link in (link for slot in part.slots for link in slot):
            yield f"  p{link.part} -> p{k}{_attributes(link)}"


def _attributes(link: Link) -> str:
    label = _escaped(link.output)
    if link.earlier:
        return f' [label="{label}−{link.earlier}", style=dashed, constraint=false]'
    return f' [label="{label}"]' if label else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
