"""The picture as a tree: the output, and below each op what it was computed from.

Every part has one line of its own; where it is read again, a line refers to that one. What is read in a copy before
is such a line too, and below it stands what the first copies read instead. A branch that grows too deep goes on as a
tree of its own further down.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from minigrad.view.parts import Link, Part

Role = Literal["op", "leaf", "reference", "group"]
DEEPEST = 12  # branches


@dataclass(frozen=True)
class Line:
    """A line of the tree.

    `trail` has a sign for each branch on the way to it: "│" for one that goes on below, "├" and "└" for its own.
    `times` is how many ops or leaves of the graph it shows, 0 if it only refers to others; `target` is the `mark` of
    the line that a reference means.
    """

    trail: str
    role: Role
    text: str
    times: int = 0
    shape: str = ""
    value: str = ""
    gradient: str = ""
    mark: str = ""
    target: str = ""


class _Branch(NamedTuple):
    """Something to be put on a line, and where: a part, or what several copies read, or a part of a copy before.

    What else is read, by the first copies, comes after it among the links.
    """

    trail: str
    role: Literal["part", "group", "earlier"]
    links: tuple[Link, ...]


class _Draft(NamedTuple):
    """A line before references have names: the part that it shows or means."""

    trail: str
    role: Literal["part", "again", "below", "earlier", "group"]
    link: Link
    more: bool = False


def tree(parts: Sequence[Part], output: Link) -> tuple[Line, ...]:
    """All lines, from the output down."""
    drafts = list(_drafts(parts, output))
    marks = _marks(parts, drafts)
    return tuple(_line(parts[draft.link.part], marks.get(draft.link.part, ""), draft) for draft in drafts)


def _drafts(parts: Sequence[Part], output: Link) -> Iterator[_Draft]:
    roots, shown = deque([output]), set[int]()
    while roots:
        root = roots.popleft()
        waiting = [] if root.part in shown else [_Branch("", "part", (root,))]
        while waiting:
            branch = waiting.pop()
            draft, below = _drawn(parts, branch, shown)
            yield draft
            if draft.role == "below":
                roots.append(draft.link)
            waiting += reversed([*_branches(branch.trail, below)])


def _drawn(parts: Sequence[Part], branch: _Branch, shown: set[int]) -> tuple[_Draft, tuple[tuple[Link, ...], ...]]:
    """The line of a branch, and what stands below it."""
    link, *rest = branch.links
    if branch.role == "group":
        return _Draft(branch.trail, "group", link), tuple((each,) for each in branch.links)
    if branch.role == "earlier":
        return _Draft(branch.trail, "earlier", link, bool(rest)), (tuple(rest),) if rest else ()
    if link.part in shown:
        return _Draft(branch.trail, "again", link), ()
    if len(branch.trail) >= DEEPEST and parts[link.part].slots:
        return _Draft(branch.trail, "below", link), ()
    shown.add(link.part)
    return _Draft(branch.trail, "part", link), parts[link.part].slots


def _branches(trail: str, slots: Sequence[tuple[Link, ...]]) -> Iterator[_Branch]:
    """One for each slot; the last with its own sign."""
    before = trail[:-1] + {"├": "│", "└": " ", "": ""}[trail[-1:]]
    for k, links in enumerate(slots):
        here = before + ("├" if k + 1 < len(slots) else "└")
        ordered = tuple(sorted(links, key=lambda link: not link.earlier))
        role: Literal["part", "group", "earlier"] = "group" if len(links) > 1 else "part"
        yield _Branch(here, "earlier" if ordered[0].earlier else role, ordered)


def _marks(parts: Sequence[Part], drafts: Sequence[_Draft]) -> dict[int, str]:
    """What references call a part: its name where no other has it, else a number, by the order of their lines."""
    named = Counter(part.name for part in parts)
    meant = {draft.link.part for draft in drafts if draft.role in ("again", "below", "earlier")}
    marks, unnamed = dict[int, str](), 0
    for draft in drafts:
        part = draft.link.part
        if draft.role != "part" or part not in meant:
            continue
        if named[parts[part].name] == 1 and parts[part].name:
            marks[part] = parts[part].name
        else:
            unnamed += 1
            marks[part] = f"#{unnamed}"
    return marks


def _line(part: Part, mark: str, draft: _Draft) -> Line:
    if draft.role == "group":
        return Line(draft.trail, "group", "in turn")
    suffix = draft.link.output + (f" {mark}" if mark.startswith("#") else "")
    called = (part.name or part.label) + suffix
    if draft.role == "part":
        text = part.title + suffix
        role: Role = "leaf" if part.leaf else "op"
        return Line(draft.trail, role, text, part.times, part.shape, part.value, part.gradient, mark)
    return Line(draft.trail, "reference", _reference(called, draft), target=mark)


def _reference(called: str, draft: _Draft) -> str:
    if draft.role != "earlier":
        return f"{'↓' if draft.role == 'below' else '↑'} {called}"
    back = "one step" if draft.link.earlier == 1 else f"{draft.link.earlier} steps"
    return f"↑ {called}, {back} before{'; at first' if draft.more else ''}"
