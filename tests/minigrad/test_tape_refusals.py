"""What compile and a tape refuse, in one line each, before anything is computed."""

import numpy as np
import pytest

from minigrad import DtypeError, GradError, ShapeError, Tensor, Value, compile

a, b, other = Value(2.0), Value(3.0), Value(5.0)
y = a * b + 1
square = a**2

GRAPHS = {
    "no inputs": (lambda: compile(y, []), "compile: there are no inputs; give the leaves that are to vary"),
    "a foreign input": (
        lambda: compile(y, [a, other]),
        r"compile: the output was not computed from input 1, Value\(5.0, grad=0.0\); leave it out",
    ),
    "a repeated input": (lambda: compile(y, [a, b, a]), "compile: inputs 0 and 2 are the same Value; give each once"),
    "an input that is computed": (lambda: compile(y * 2, [a, y]), "compile: input 1 was computed by add; give leaves"),
    "an input that is a number": (lambda: compile(y, [a, 3.0]), "compile: input 1 is a float; give leaves"),
    "an input that is a tensor": (lambda: compile(y, [Tensor(1.0)]), "compile: input 0 is a Tensor; give leaves"),
    "one value for the inputs": (lambda: compile(y, a), r"compile: the inputs are one Value; give a list, \[x\]"),
    "a number to compute": (lambda: compile(3.0, [a]), "compile: the output is a float; give the Value to compute"),
    "a tensor to compute": (lambda: compile(Tensor(1.0), [a]), "compile: the output is a Tensor; give the Value"),
    "an output that depends on nothing": (lambda: compile(Value(1.0), [a]), "the output was not computed from input 0"),
    "an exponent": (
        lambda: compile(square, [a, square.parents[1]]),
        "compile: input 1 is the exponent of a power, which is a constant; leave it out",
    ),
}

INPUTS = {
    "too few": ([1.0], ShapeError, r"tape: inputs of shape \(1,\); give \(2,\) or \(batch, 2\)"),
    "too many": (np.ones((4, 3)), ShapeError, r"tape: inputs of shape \(4, 3\); give \(2,\) or \(batch, 2\)"),
    "a number": (1.0, ShapeError, r"tape: inputs of shape \(\)"),
    "none": ([], ShapeError, r"tape: inputs of shape \(0,\)"),
    "three axes": (np.ones((1, 1, 2)), ShapeError, r"tape: inputs of shape \(1, 1, 2\)"),
    "rows that differ": ([[1.0, 2.0], [3.0]], ShapeError, "tape: rows of different lengths; give 2 numbers in each"),
    "single precision": (np.ones(2, np.float32), DtypeError, "tape: inputs of float32; give float64"),
    "complex numbers": (np.ones(2, complex), DtypeError, "tape: inputs of complex128; give float64"),
    "text": (["1", "2"], DtypeError, "tape: inputs of <U1; give float64"),
    "values": ([a, b], DtypeError, "tape: inputs of object; give float64"),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_that_cannot_be_compiled(name):
    f, told = GRAPHS[name]
    with pytest.raises(GradError, match=told) as caught:
        f()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_that_do_not_fit(name):
    x, kind, told = INPUTS[name]
    with pytest.raises(kind, match=told) as caught:
        compile(y, [a, b])(x)
    assert "\n" not in str(caught.value)
