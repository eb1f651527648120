"""The exercises about networks: what a student gets, the solution, and the equations that lead to it."""

import ast
from functools import cache
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from answer_cases import agree

from cli.lab.check.cases import asked
from cli.lab.check.exercise import SIZES, exercise, exercises, template
from cli.lab.check.explanations import Explanation
from cli.lab.check.forms import same
from cli.lab.check.handin import check
from rnn.formulas import REGISTRY, notation

LADDER = (
    "softmax", "tanh", "output", "backwards", "parameters", "elman", "truncated", "jordan", "gru-gates", "gru",
    "gru-after", "lstm-gates", "lstm", "deep", "bidirectional",
)  # fmt: skip
WHOLE = ("elman", "truncated", "jordan", "gru", "gru-after", "lstm", "deep", "bidirectional")
OTHER_SIZES = ((2, 4, 3, 2), (7, 2, 6, 3))
MOST = 88  # columns of a line that a student gets


def quick(*names):
    """All exercises; those not named are among the slow tests."""
    return [n if n in names else pytest.param(n, marks=pytest.mark.slow) for n in LADDER]


@cache
def cases(name):
    """Problems of an exercise that several tests share."""
    return exercise(name).cases(3)


def steps():
    """Every function of every exercise: names of both."""
    return [(name, f) for name in LADDER for f in exercise(name).asks]


def answers(e, name, case):
    """What the solution of one function gives, called as the sandbox calls it: with copies, by name."""
    given = {a: np.array(case.arrays[a]) for a in e.arguments(name)}
    return np.asarray(e.solution(name)(**{a: v if v.ndim else v.item() for a, v in given.items()}))


def test_the_ladder_is_whole_and_climbs():
    assert tuple(exercises())[: len(LADDER)] == LADDER  # what is not about networks comes after
    orders = [e.order for e in exercises().values()]
    assert all(a < b for a, b in pairwise(orders))
    assert tuple(n for n in LADDER if exercise(n).whole) == WHOLE


def test_names_titles_and_files_are_unique():
    found = list(exercises().values())
    for part in ("name", "filename", "title", "problem"):
        assert len({getattr(e, part) for e in found}) == len(found), part
    assert all(e.module.EXERCISE is e for e in found)


@pytest.mark.parametrize("name", LADDER)
def test_the_template_is_python_that_names_every_function(name):
    e = exercise(name)
    source = template(e)
    assert max(map(len, source.splitlines())) <= MOST
    tree = ast.parse(source)
    found = {f.name: [a.arg for a in f.args.args] for f in tree.body if isinstance(f, ast.FunctionDef)}
    assert found == {f: list(e.arguments(f)) for f in e.asks}
    assert all(ast.get_docstring(f).startswith(("(", "A number")) for f in tree.body if isinstance(f, ast.FunctionDef))
    assert e.filename in ast.get_docstring(tree)


@pytest.mark.parametrize("name", LADDER)
def test_a_problem_is_of_a_few_lines_of_plain_text(name):
    e = exercise(name)
    formulas = [line for line in e.problem.splitlines() if line.startswith("    ")]
    assert 1 <= len(formulas) <= 10
    assert all(" = " in line for line in formulas)
    assert e.problem.isascii()
    assert all(k.isascii() and v.isascii() for k, v in e.letters.items())


@pytest.mark.parametrize("name", LADDER)
def test_the_letters_mention_every_argument(name):
    e = exercise(name)
    letters = {letter for key in e.letters for letter in key.split(", ")}
    wanted = {a.removeprefix("grad_") for f in e.asks for a in e.arguments(f)}
    assert wanted <= letters
    assert {f.removeprefix("grad_") for f in e.asks} <= letters | {"L"}


@pytest.mark.parametrize("name", quick("softmax", "deep"))
def test_a_template_is_missing_everything(name, tmp_path):
    e = exercise(name)
    path = tmp_path / e.filename
    path.write_text(template(e), encoding="utf-8")
    found = check(path, e)
    assert [(f.name, f.status) for f in found.findings] == [(f, "missing") for f in e.asks]
    assert not found.ok
    assert found.notes == ()


@pytest.mark.parametrize("name", quick("elman", "gru-gates"))
def test_the_solution_is_a_hand_in_that_passes(name):
    e = exercise(name)
    found = check(Path(e.module.__file__), e)
    assert [(f.name, f.status, f.said) for f in found.findings] == [(f, "right", ()) for f in e.asks]
    assert found.ok
    assert max(f.error for f in found.findings) < 1e-12
    assert (found.notes, found.printed) == ((), "")


@pytest.mark.parametrize("name", LADDER)
def test_the_solution_is_right_on_other_problems_and_sizes(name):
    e = exercise(name)
    for case, f in product([*cases(name), *e.cases(2, OTHER_SIZES)], e.asks):
        right = case.right([f])[f]
        found = answers(e, f, case)
        assert found.shape == right.shape
        assert np.abs(found - right).max() <= 1e-11 * np.abs(right).max(), f


@pytest.mark.slow
@pytest.mark.parametrize("name", LADDER)
def test_the_solution_is_right_on_many_problems(name):
    e = exercise(name)
    rng = np.random.default_rng(11)
    for seed in range(8):
        sizes = tuple(tuple(int(n) for n in rng.integers(2, 8, 4)) for _ in range(3))
        for case, f in product(e.cases(seed, sizes), e.asks):
            assert same(answers(e, f, case), case.right([f])[f]), (f, seed)


@pytest.mark.parametrize("name", LADDER)
def test_no_answer_is_constant_or_shared(name):
    """Each answer differs between problems, and from every other one: no function passes with another's result."""
    e = exercise(name)
    case, again = cases(name)[0], e.cases(1, SIZES[:1])[0]
    right, other = (c.right(e.asks) for c in (case, again))
    assert not any(same(right[f], other[f]) for f in e.asks)
    assert not any(same(right[f], right[g]) for f, g in product(e.asks, repeat=2) if f != g)


FIRST = {"y_hat0": "y_hat", "h0": "h", "c0": "c", "g_end": "g", "grad_h0": "grad_h"}


def bare(name, e):
    """A quantity without its place: h0 is h. Of two layers h1 and h2_0 are h as well, and so are the inputs."""
    if e.name != "deep":
        return FIRST.get(name, name)
    return "h" if name == "x" else name.removesuffix("_0").rstrip("12")


@pytest.mark.parametrize(("name", "function"), steps())
def test_the_equations_are_those_from_the_arguments_to_the_answer(name, function):
    """They read nothing but each other and the arguments, and every argument; the last one gives the answer."""
    e = exercise(name)
    equations = e.equations(function)
    assert all(equation.family == e.family for equation in equations)
    assert equations[-1].quantity == bare(function, e)
    given = {equation.quantity for equation in equations}
    read = {notation.name(term.symbol) for equation in equations for term in equation.reads}
    wanted = {bare(a, e) for a in e.arguments(function)}
    if "K" in wanted:  # the registry has it as marks of steps
        wanted = wanted - {"K"} | {"m", "n"}
    assert read - given == wanted - given


@pytest.mark.parametrize("name", LADDER)
def test_the_equations_lead_to_the_right_answers(name):
    e = exercise(name)
    for case, (f, ids) in product(cases(name), e.asks.items()):
        assert agree(case.right([f]), asked(case, ids).answers(Explanation(), [f])), f


@pytest.mark.parametrize("name", WHOLE)
def test_the_equations_of_the_whole_lead_there_from_forward_values_alone(name):
    """Each quantity once at each place; the only gradients that are given are zeros beyond the ends."""
    e = exercise(name)
    for case in cases(name):
        way = asked(case, e.whole)
        places = [
            (equation.quantity, notation.index(equation.given, case.values, at))
            for equation in map(REGISTRY.get, e.whole)
            for at in equation.places(case.values)
        ]
        assert len(places) == len(set(places))
        read = {notation.name(term.symbol) for equation in way.chain.equations for term in equation.reads}
        gradients = [q for q in read if q.startswith("grad_") or q == "delta"]
        assert gradients
        assert not any(np.any(v) for q in gradients for v in way.chain.start[q].values())
        names = [f for f in e.asks if f.startswith("grad_")]
        assert agree(case.right(names), way.answers(Explanation(), names))


@pytest.mark.parametrize("name", WHOLE)
def test_what_backward_has_to_give_are_gradients_of_parameters(name):
    e = exercise(name)
    assert len(e.parameters) >= 3
    for p in e.parameters:
        assert e.equations(p)[-1].given.index in ("", "l"), p  # a parameter has no time
    timeless = [f for f in e.asks if e.equations(f)[-1].given.index in ("", "l")]
    assert set(e.parameters) == set(timeless)
