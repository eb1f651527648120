"""Equations as functions: in any order, found by id, worked with numbers, cut short."""

import dataclasses
import math
from functools import reduce

import numpy as np
import pytest

from minigrad import relative_error
from rnn import verify
from rnn.formulas import REGISTRY, elman, evaluate, find
from rnn.formulas.registry import equation
from rnn.formulas.worked import Applied, work
from rnn.witnesses import random_problem

every_equation = pytest.mark.parametrize("e", REGISTRY.values(), ids=lambda e: e.id)


@pytest.fixture(scope="module")
def problem():
    return random_problem("elman", np.random.default_rng(3), steps=5)


@pytest.fixture(scope="module")
def values(problem):
    """The engine's value of everything."""
    return verify.engine_values(problem)


# Evaluation


CHAIN = [e for e in REGISTRY.values() if e.family == "elman" and not e.expected_to_fail and e.id != "19"]


def test_evaluation_does_not_depend_on_the_order_of_equations(problem):
    expected = evaluate(CHAIN, problem.given())
    rng = np.random.default_rng(0)
    for _ in range(6):
        shuffled = [CHAIN[i] for i in rng.permutation(len(CHAIN))]
        found = evaluate(shuffled, problem.given())
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            if isinstance(value, dict):
                assert found[name].keys() == value.keys()
                assert all(np.array_equal(found[name][t], v) for t, v in value.items())
            else:
                assert np.array_equal(found[name], value)


def test_the_chain_is_the_engines(problem, values):
    found = evaluate(CHAIN, problem.given())
    for name in {e.quantity for e in CHAIN}:
        assert verify.error(found[name], values[name]) < 1e-12, name


def test_by_hand_one_unit_two_steps():
    """Everything a number: H = I = 1, V = 2."""
    given = {
        "U": np.array([[2.0]]),
        "W": np.array([[-1.0]]),
        "b": np.array([[0.3]]),
        "V": np.array([[1.0], [-1.0]]),
        "c": np.array([[0.0], [0.5]]),
        "x": {1: np.array([[0.5]]), 2: np.array([[-0.4]])},
        "h": {0: np.array([[0.3]])},
        "y": {1: 0, 2: 1},
        "tau": 2,
    }
    found = evaluate(CHAIN, given)
    h1 = math.tanh(0.3 - 0.3 + 1)
    h2 = math.tanh(0.3 - h1 - 0.8)
    p1, p2 = (1 / (1 + math.exp(0.5 - 2 * h)) for h in (h1, h2))  # of class 0
    go1, go2 = p1 - 1, p2  # row 0 of ∇o; row 1 is its negative
    gh2 = 2 * go2
    gh1 = -(1 - h2**2) * gh2 + 2 * go1
    expected = {
        "L": -math.log(p1) - math.log(1 - p2),
        "grad_b": (1 - h1**2) * gh1 + (1 - h2**2) * gh2,
        "grad_W": (1 - h1**2) * gh1 * 0.3 + (1 - h2**2) * gh2 * h1,
        "grad_U": (1 - h1**2) * gh1 * 0.5 - (1 - h2**2) * gh2 * 0.4,
    }
    for name, value in expected.items():
        assert np.ravel(found[name])[0] == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(found["grad_c"].ravel(), [go1 + go2, -go1 - go2], rtol=1e-13)
    np.testing.assert_allclose(found["grad_V"].ravel(), [go1 * h1 + go2 * h2, -go1 * h1 - go2 * h2], rtol=1e-13)
    np.testing.assert_allclose([found["grad_h"][1].item(), found["grad_h"][2].item()], [gh1, gh2], rtol=1e-13)


def test_a_part_can_be_evaluated_alone(values, problem):
    (e,) = find("24")
    without = {k: v for k, v in values.items() if k != "grad_W"}
    assert relative_error(evaluate([e], without)["grad_W"], values["grad_W"]) < 1e-12


def test_evaluation_leaves_what_it_was_given(problem):
    given = problem.given()
    evaluate(CHAIN, given)
    assert list(given["h"]) == [0]
    assert "a" not in given


def test_times():
    four = {"tau": 4}
    assert [place["t"] for place in REGISTRY["7"].places(four)] == [1, 2, 3, 4]
    assert [place["t"] for place in REGISTRY["20"].places(four)] == [3, 2, 1]
    assert REGISTRY["18"].places(four) == [{}]
    values = {"V": np.array([[2.0]]), "grad_o": {3: np.array([[5.0]])}, "tau": 3}
    assert REGISTRY["18"](values)[3].item() == 10


# Finding


def ids(equations):
    return [e.id for e in equations]


def test_find(monkeypatch):
    assert ids(find()) == list(REGISTRY)
    assert ids(find("24")) == ["24"]
    assert ids(find("20")) == ["20"]  # an exact id wins over a prefix
    assert ids(find("20-printed")) == ["20-printed"]
    assert ids(find("elman")) == [e.id for e in REGISTRY.values() if e.family == "elman"]
    assert find("5") == find("26") == find("") == find("elma") == []
    monkeypatch.setattr("rnn.formulas.registry.REGISTRY", {k: e for k, e in REGISTRY.items() if k != "19"})
    assert ids(find("19")) == ["19-h", "19-o"]


def test_seed_001s_numbers_are_all_here():
    assert {"7", "8", "9", "10", "13", *map(str, range(16, 26)), "20-printed"} <= REGISTRY.keys()
    assert [e.id for e in REGISTRY.values() if e.expected_to_fail] == ["20-printed"]


def test_an_id_is_entered_once_and_the_function_is_returned():
    with pytest.raises(ValueError, match="has an equation 24 already"):
        equation("24", family="elman", gives="∇W", text="", latex="", source="", title="")(elman.grad_W)
    assert REGISTRY["24"].function is elman.grad_W


def test_an_equation_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        REGISTRY["24"].text = "∇W = 0"


# Worked with numbers


@every_equation
def test_the_parts_come_to_the_whole(e):
    problem = verify._draw(e.family, np.random.default_rng(3))
    values, own = verify.engine_values(problem), e.function.__globals__
    functions = {"tanh": np.tanh, "φ": np.tanh, "σ": own.get("sigmoid"), "relu": own.get("relu")}
    functions["softmax"] = own.get("softmax")  # of a column, or of rows
    for place in e.places(values):
        worked = work(e, values, **place)
        total = 0
        for term in worked.terms:
            factors = [functions[f.name](f.argument) if isinstance(f, Applied) else f for f in term.factors]
            total = total + reduce(np.matmul if len(factors) > 1 else np.multiply, factors) * (
                -1 if term.sign == "−" else 1
            )
        assert relative_error(total, worked.result) < 1e-12
        assert relative_error(worked.result, e.at(values, **place)) == 0
        assert "ᵗ" not in worked.text.split("Σ")[0]


def test_worked_by_hand():
    values = {
        "b": np.array([[1.0]]),
        "W": np.array([[2.0]]),
        "U": np.array([[3.0]]),
        "h": {1: np.array([[5.0]])},
        "x": {2: np.array([[7.0]])},
        "tau": 4,
    }
    worked = work(REGISTRY["7"], values, t=2)
    assert worked.text == "a⁽²⁾ = b + W h⁽¹⁾ + U x⁽²⁾"
    assert [(t.sign, [f.item() for f in t.factors]) for t in worked.terms] == [
        ("", [1]),
        ("+", [2, 5]),
        ("+", [3, 7]),
    ]
    assert worked.result.item() == 32


def test_a_function_is_written_out_as_it_is_printed():
    """h⁽²⁾ = σ( … ): a reader is to see what goes in, and then what comes out."""
    a = np.array([[1.0], [-2.0]])
    shown = {"8": "tanh", "10": "softmax", "GRU-2": "σ", "LSTM-6": "tanh", "LSTM-4": "σ", "RELU-2": "relu"}
    for id, name in shown.items():
        e = REGISTRY[id]
        (term,) = work(e, {e.arguments[0]: {2: a}}, t=2).terms
        assert f"{name}({e.arguments[0]}⁽ᵗ⁾)" in e.text
        (factor,) = term.factors
        assert factor.name == name
        assert factor.argument is a
