"""What tests of lessons have in common: which claims fail, formulas with a slip, and how pages look."""

import dataclasses
import inspect
from importlib import import_module
from io import StringIO

import pytest
from formula_cases import slipped
from rich.console import Console

from cli.lab.experiments import conduct
from cli.lab.figures import Result
from cli.render.console import THEME
from cli.render.figures import draw
from cli.render.lesson import WIDEST, _code, page
from rnn.formulas import REGISTRY

WIDTH = 54  # of a figure, or of code, on a page of 60 columns


# Claims


def failing(lesson, name, seed=0, **turned):
    """The claims of an experiment that do not hold; `turned` are knobs."""
    return [c.sentence for c in conduct(lesson.experiments[name], seed=seed, settings=turned).claims if not c.holds]


def fails(lesson, name, part, seed=0, **turned):
    """Whether a claim with these words in it fails."""
    claims = conduct(lesson.experiments[name], seed=seed, settings=turned).claims
    found = [c for c in claims if part in c.sentence]
    assert found, f"no claim of {name} says {part!r}"
    return not all(c.holds for c in found)


def check_claims_are_measured(lesson, claims, moved, *, seeds=(0, 1), without=(), **turned):
    """So many claims at least, all of which hold; of so many another seed measures something else."""
    asked = [function for name, function in lesson.experiments.items() if name not in without]
    first, second = ([c for f in asked for c in conduct(f, seed=s, settings=turned).claims] for s in seeds)
    assert len(first) >= claims
    assert sum(a.measured != b.measured for a, b in zip(first, second, strict=True)) >= moved
    assert [c.sentence for c in (*first, *second) if not c.holds] == []


# What is broken on purpose


def replaced(monkeypatch, id, right, wrong):
    """The equation with a piece of its code changed."""
    monkeypatch.setitem(REGISTRY, id, slipped(id, right, wrong))


def computed(monkeypatch, id, function):
    """The equation computed by another function, which reads the same."""
    wrong = dataclasses.replace(REGISTRY[id], function=function)
    object.__setattr__(wrong, "reads", REGISTRY[id].reads)
    monkeypatch.setitem(REGISTRY, id, wrong)


def forgetting(*kept, autouse=False):
    """A fixture: what these functions keep is of the code as it is, and what was made by a broken one is not kept."""

    @pytest.fixture(autouse=autouse)
    def afresh():
        for function in kept:
            function.cache_clear()
        yield
        for function in kept:
            function.cache_clear()

    return afresh


# Pages


def screen(width):
    return Console(width=width, theme=THEME, file=StringIO(), highlight=False, emoji=False)


def drawn(result):
    """The figures of a result as they stand on a page of 60 columns."""
    console = screen(WIDTH)
    for figure in result.figures:
        console.print(draw(figure, WIDTH))
    return console.file.getvalue()


def read(lesson, width):
    """The lines of all pages on a screen of so many columns. The experiments are not run."""
    console = screen(width)
    for number in range(1, len(lesson.pages) + 1):
        page(console, lesson, number, lambda name: Result())
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def code_on_pages(lesson, width=60):
    """The lines of each piece of code that pages of so many columns show, by its name."""
    pieces = [b.body.split(":") for page in lesson.pages for b in page if b.kind == "source"]
    source = {name: inspect.getsource(vars(import_module(module))[name]) for module, name in pieces}
    return {name: _code(text, min(width, WIDEST) - 6).splitlines() for name, text in source.items()}


def check_code_is_whole(lesson, *names, width=60):
    """The pages show these functions, each in 30 lines at most, and break none of their lines."""
    code, pages = code_on_pages(lesson, width), "\n".join(read(lesson, width))
    assert list(code) == list(names)
    for lines in code.values():
        assert len(lines) <= 30
        assert "\n".join(f"     {line}".rstrip() for line in lines) in pages


def check_code_is_short(lesson, *names):
    """The pages show these functions, each in 30 lines at most, and would if they were a column narrower."""
    check_code_is_whole(lesson, *names)
    assert max(len(line) for lines in code_on_pages(lesson).values() for line in lines) <= WIDTH
