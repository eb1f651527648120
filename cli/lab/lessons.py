"""Lessons: folders with prose that calls experiments.

`lesson.<lang>.md` begins with front matter (`key: value` lines between `---`), then pages separated by `---`. A
page is Markdown in which a line `{{ equation 18 }}` shows an entry of the registry, `{{ source module:name }}`
code of the project, and `{{ run name }}` runs the function of that name in `experiments.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from cli.lab.errors import LabError, suggestion
from cli.lab.experiments import EXPERIMENTS, conduct
from cli.lab.figures import Claim, Result

FOLDER = Path(__file__).parent.parent / "lessons"
_CALL = re.compile(r"^\{\{ (equation|run|source) (\S+) \}\}$", re.MULTILINE)

Kind = Literal["prose", "equation", "run", "source"]


@dataclass(frozen=True)
class Block:
    """A part of a page: Markdown, or a call with its argument."""

    kind: Kind
    body: str


@dataclass(frozen=True)
class Lesson:
    """A lesson as it is written; nothing has been run."""

    name: str
    lang: str
    title: str
    order: int
    part: str
    summary: str
    pages: tuple[tuple[Block, ...], ...]

    @cached_property
    def experiments(self) -> dict[str, Callable[..., Result]]:
        """The experiments that the prose calls, by name."""
        module = import_module(f"cli.lessons.{self.name.replace('-', '_')}.experiments")
        names = [b.body for page in self.pages for b in page if b.kind == "run"]
        for name in names:
            if vars(module).get(name) not in EXPERIMENTS:
                raise LabError(f"the lesson calls {name}, which is no experiment", self.name, "mend experiments.py")
        return {name: vars(module)[name] for name in names}


def names() -> list[str]:
    """All lessons, as they are typed, in the order in which they build on each other."""
    return sorted(_names(), key=lambda name: load(name).order)


def load(name: str, lang: str = "en") -> Lesson:
    """Read a lesson; LabError with the nearest name for an unknown one, or the languages there are."""
    folder = FOLDER / name.replace("-", "_")
    if not (folder / "lesson.en.md").is_file() or "/" in name or not name:
        raise LabError(f"no lesson {name!r}", "lesson", suggestion(name, _names(), "rnn-lab lesson lists them"))
    path = folder / f"lesson.{lang}.md"
    if not path.is_file():
        langs = sorted(p.name.split(".")[1] for p in folder.glob("lesson.*.md"))
        raise LabError(f"no language {lang!r}", f"lesson {name}", f"there is {', '.join(langs)}")
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    about = dict(line.split(": ", 1) for line in front.strip().splitlines())
    pages = tuple(tuple(_blocks(page)) for page in re.split(r"^---$", body, flags=re.MULTILINE))
    return Lesson(name, lang, about["title"], int(about["order"]), about["part"], about["summary"], pages)


def _names() -> list[str]:
    """All lessons, without reading any."""
    return [p.parent.name.replace("_", "-") for p in FOLDER.glob("*/lesson.en.md")]


def _blocks(page: str) -> Iterator[Block]:
    pieces = _CALL.split(page.strip())
    for prose, *call in zip(pieces[::3], [*pieces[1::3], None], [*pieces[2::3], None], strict=True):
        if prose and prose.strip():
            yield Block("prose", prose.strip())
        if call[0] in ("equation", "run", "source"):
            yield Block(call[0], str(call[1]))  # type: ignore[arg-type]  # one of the three, as just asked


def check(
    lesson: Lesson, *, seed: int, full: bool = False, settings: dict[str, float] | None = None
) -> Iterator[tuple[str, Claim]]:
    """Run every experiment once, without its page: (experiment, claim) one after another."""
    for name, function in lesson.experiments.items():
        for claim in conduct(function, seed=seed, full=full, settings=settings).claims:
            yield name, claim


def row(lesson: Lesson, claim: Claim) -> dict[str, Any]:
    """A claim under the names that programs read."""
    return {
        "lesson": lesson.name, "claim": claim.sentence, "measured": claim.measured, "relation": claim.relation,
        "bound": claim.bound, "holds": claim.holds,
    }  # fmt: skip
