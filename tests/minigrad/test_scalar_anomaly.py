"""Anomaly mode for Values and tapes: which op made the first number that is not finite, and on which line."""

import math

import numpy as np
import pytest

from minigrad import AnomalyError, Value, compile, detect_anomaly

FORWARD = {
    "log gave -inf": lambda x: (x - 2).log(),
    "log gave nan": lambda x: (-x).log(),
    "div gave inf": lambda x: 1 / (x - 2),
    "div gave nan": lambda x: (x - 2) / (x - 2),
    "power gave nan": lambda x: (-x) ** 0.5,
    "power gave inf": lambda x: (x - 2) ** -1,
    "exp gave inf": lambda x: (x * 500).exp(),
    "mul gave inf": lambda x: (x * 1e300) * (x * 1e300),
    "add gave inf": lambda x: x * 8e307 + x * 8e307,
}


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("told", FORWARD)
def test_the_op_is_named(told):
    with detect_anomaly(), pytest.raises(AnomalyError, match=f"^{told} for finite inputs; at test_scalar_anomaly.py"):
        FORWARD[told](Value(2))
    assert not math.isfinite(FORWARD[told](Value(2)).data), "outside the mode nothing is raised"


def test_the_line_is_named():
    x = Value(-1)
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"test_scalar_anomaly.py:\d+, .*# marked") as caught:
        (x * 2).log()  # marked
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "f"),
    [("power", lambda x: (x - 2) ** 0.5), ("div", lambda x: (x * 1e-308) / 1e-308), ("log", None)],
)
def test_the_way_back_is_watched_too(name, f):
    f = f or (lambda x: (x * 5e-309).log())  # 1/1e-308 is near the largest number, 1/1e-308 · 1e3 beyond it
    x = Value(2)
    with detect_anomaly():
        y = f(x) * 1e3  # marked
    with (
        detect_anomaly(),
        pytest.raises(AnomalyError, match=rf"the rule of {name} gave -?inf for a finite.*lambda"),
    ):
        y.backward()


def test_an_op_applied_outside_is_named_without_its_line():
    y = Value(0) ** 0.5
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"the rule of power gave inf.*outside detect_anomaly"):
        y.backward()


def test_only_the_first_is_blamed():
    x = Value(math.inf)
    with detect_anomaly():
        y = (x * 2 + 1).tanh() + x * 3
        y.backward()
    assert x.grad == 3


@pytest.mark.parametrize("told", FORWARD)
def test_a_tape_names_the_op(told):
    x = Value(0.25 if told.startswith("power gave nan") else 5)
    tape = compile(FORWARD[told](x), [x])
    rows = np.array([[2.0]])
    with detect_anomaly(), pytest.raises(AnomalyError, match=f"^{told} for finite inputs; at .*# called"):
        tape(rows)  # called
    with detect_anomaly(), pytest.raises(AnomalyError, match=f"^{told}"):
        tape(rows[0])
    assert not np.isfinite(tape(rows)[0]).all(), "outside the mode nothing is raised"


def test_a_tape_names_the_rule():
    x = Value(1.0)
    tape = compile(x**0.5, [x])
    with detect_anomaly():
        assert tape([4.0])[0] == 2
        with pytest.raises(AnomalyError, match="the rule of power gave inf"):
            tape([0.0])
