"""What tests of lessons have in common: which claims fail, formulas with a slip, and how pages look."""

import inspect
from importlib import import_module
from io import StringIO

from rich.console import Console

from cli.lab.experiments import conduct
from cli.render.console import THEME
from cli.render.figures import draw
from cli.render.lesson import _code
from rnn.formulas import REGISTRY

WIDTH = 54  # of a figure, or of code, on a page of 60 columns


def failing(lesson, name, seed=0, **turned):
    """The claims of an experiment that do not hold; `turned` are knobs."""
    return [c.sentence for c in conduct(lesson.experiments[name], seed=seed, settings=turned).claims if not c.holds]


def fails(lesson, name, part, seed=0, **turned):
    """Whether a claim with these words in it fails."""
    claims = conduct(lesson.experiments[name], seed=seed, settings=turned).claims
    found = [c for c in claims if part in c.sentence]
    assert found, f"no claim of {name} says {part!r}"
    return not all(c.holds for c in found)


def replaced(monkeypatch, id, right, wrong):
    """The equation with a piece of its code changed."""
    old = REGISTRY[id]
    assert right in old.code
    monkeypatch.setitem(REGISTRY, id, old.rewritten(old.code.replace(right, wrong)))


def drawn(result):
    """The figures of a result as they stand on a page of 60 columns."""
    console = Console(width=WIDTH, theme=THEME, file=StringIO())
    for figure in result.figures:
        console.print(draw(figure, WIDTH))
    return console.file.getvalue()


def code_on_pages(lesson):
    """The lines of each piece of code that the pages show, by its name."""
    shown = [b.body.split(":") for page in lesson.pages for b in page if b.kind == "source"]
    return {
        name: _code(inspect.getsource(vars(import_module(module))[name]), WIDTH).splitlines() for module, name in shown
    }


def check_code_is_short(lesson, *names):
    """The pages show these functions, each in 30 lines at most that are not broken."""
    shown = code_on_pages(lesson)
    assert list(shown) == list(names)
    for lines in shown.values():
        assert len(lines) <= 30
        assert max(map(len, lines)) <= WIDTH
