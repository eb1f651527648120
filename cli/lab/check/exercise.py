"""Exercises: what is asked, and in which form it is to be handed in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from cli.lab.check.cases import Case
from cli.lab.errors import LabError, suggestion
from rnn.checkpoint import write_atomically
from rnn.formulas import REGISTRY, Equation
from rnn.formulas.registry import Values
from rnn.verify import engine_values
from rnn.witnesses import Problem, random_problem

FOLDER = Path(__file__).parents[2] / "exercises"
SIZES = ((3, 4, 2, 5), (5, 2, 3, 4), (6, 5, 4, 2))  # T, I, H, V: all different; the quickest first


def nothing(problem: Problem) -> Values:
    """No quantity beside those of the equations."""
    return {}


@dataclass(frozen=True)
class Exercise:
    """One exercise. `asks` are its functions in order, each with the equations that lead to it.

    `problem` and `letters` go into the docstring of the file that a student gets. `whole` are the equations of a
    function `backward`, for exercises that may be handed in as one. `beside` are quantities that the family's
    equations do not have, from a problem.
    """

    name: str
    title: str
    order: int
    family: str
    problem: str
    letters: Mapping[str, str]
    asks: Mapping[str, tuple[str, ...]]
    whole: tuple[str, ...] = ()
    drawn: Mapping[str, int] = field(default_factory=dict)
    beside: Callable[[Problem], Values] = nothing
    ending: str = "_bptt"

    @property
    def module(self) -> ModuleType:
        """The file that holds it."""
        return import_module(f"cli.exercises.{self.name.replace('-', '_')}")

    def solution(self, function: str) -> Callable[..., Any]:
        """The solution of one function."""
        found: Callable[..., Any] = vars(self.module)[function]
        return found

    def arguments(self, function: str) -> tuple[str, ...]:
        """What the function asks for."""
        return tuple(inspect.signature(self.solution(function)).parameters)

    def equations(self, function: str) -> list[Equation]:
        """The equations that lead to what a function gives."""
        return [REGISTRY[id] for id in self.asks[function]]

    @property
    def filename(self) -> str:
        """The file that a student gets."""
        return f"{self.name.replace('-', '_')}{self.ending}.py"

    @property
    def parameters(self) -> tuple[str, ...]:
        """The gradients that `backward` has to give: those of the parameters, which have no step."""
        last = {n: self.equations(n)[-1] for n in self.asks if n.startswith("grad_")}
        return tuple(n for n, e in last.items() if e.given.index in ("", "l"))

    def cases(self, seed: int, sizes: tuple[tuple[int, int, int, int], ...] = SIZES) -> list[Case]:
        """Random problems of its family."""
        rng = np.random.default_rng(seed)
        return [self._case(rng, *size) for size in sizes]

    def _case(self, rng: np.random.Generator, steps: int, inputs: int, hidden: int, vocabulary: int) -> Case:
        sizes = {"steps": steps, "inputs": inputs, "hidden": hidden, "vocabulary": vocabulary, **self.drawn}
        problem = random_problem(self.family, rng, **sizes)
        return Case(self.family, engine_values(problem), self.beside(problem))


@cache
def exercises() -> Mapping[str, Exercise]:
    """All exercises by name, in the order in which they build on each other."""
    names = (p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith("_"))
    found = [import_module(f"cli.exercises.{name}").EXERCISE for name in names]
    return {e.name: e for e in sorted(found, key=lambda e: e.order)}


def exercise(name: str) -> Exercise:
    """The exercise of that name; LabError suggests one that is spelt alike."""
    known = exercises()
    if name not in known:
        raise LabError(f"no exercise {name!r}", "check", suggestion(name, known, "rnn-lab check lists them"))
    return known[name]


def of_file(path: Path) -> Exercise:
    """The exercise that a file was made for, by its name."""
    for e in exercises().values():
        if path.name == e.filename:
            return e
    raise LabError("the name does not say which exercise it is", str(path), "add --as, for example --as elman")


def template(e: Exercise) -> str:
    """The file that a student gets: the problem, the letters, and the functions to be filled in."""
    width = max(map(len, e.letters))
    lines = [f'"""{e.title}', "", *e.problem.strip("\n").splitlines(), ""]
    lines += [f"    {letter:<{width}}  {meaning}" for letter, meaning in e.letters.items()]
    lines += ["", f"Check it with: rnn-lab check {e.filename}", '"""', "", "import numpy as np", ""]
    for name in e.asks:
        about = inspect.getdoc(e.solution(name))
        lines += ["", f"def {name}({', '.join(e.arguments(name))}):", f'    """{about}"""', ""]
    return "\n".join(lines)


def write(e: Exercise, folder: Path) -> Path:
    """Write the file of an exercise, never over another. LabError where that cannot be done."""
    path = folder / e.filename
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        raise LabError("the file is there already", path.name, f"check it with rnn-lab check {path.name}") from None
    try:
        write_atomically(path, template(e).encode())
    except BaseException:
        path.unlink()  # an empty one of ours
        raise
    return path
