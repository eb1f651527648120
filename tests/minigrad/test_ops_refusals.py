"""What ops refuse: one line with the op, the shapes and what to do."""

import numpy as np
import pytest

from minigrad import DtypeError, MinigradError, Tensor, ops

REFUSED = {
    r"conv1d: shapes \(2, 3\) and \(1, 2, 3\) .*\(B, C, T\)": lambda x: ops.conv1d(x, np.ones((1, 2, 3))),
    r"conv1d: shapes \(1, 2, 3\) and \(4, 3, 2\) .*the same C": lambda x: ops.conv1d(x[None], np.ones((4, 3, 2))),
    r"conv1d: .* 4 weights span 4 steps of 3; give more": lambda x: ops.conv1d(x[None], np.ones((1, 2, 4))),
    r"conv1d: .* 2 weights span 5 steps of 4": lambda x: ops.conv1d(x[None], np.ones((1, 2, 2)), 1, 4, (0, 1)),
    r"conv1d: .*stride and a dilation of at least 1": lambda x: ops.conv1d(x[None], np.ones((1, 2, 1)), 0),
    r"conv1d: .*padding \(left, right\) of at least 0": lambda x: ops.conv1d(
        x[None], np.ones((1, 2, 1)), 1, 1, (-1, 0)
    ),
    r"conv1d: .*a padding \(left, right\)": lambda x: ops.conv1d(x[None], np.ones((1, 2, 1)), 1, 1, 1),
    r"mean: shapes \(2, 3\) with 2, False": lambda x: x.mean(2),
    r"var: shapes \(2, 3\) with -3, False, 0": lambda x: x.var(-3),
    r"var: .*2 numbers with ddof=2 is 0/0; give more": lambda x: x.var(0, ddof=2),
    r"max: shapes \(0, 3\)": lambda x: x[:0].max(0),
    r"min: shapes \(2, 3\) with \(0, 0\)": lambda x: x.min((0, 0)),
    r"norm: shapes \(2, 3\) with 7": lambda x: x.norm(7),
    r"cumsum: shapes \(2, 3\) with 2": lambda x: x.cumsum(2),
    r"squeeze: shapes \(2, 3\) with 0": lambda x: x.squeeze(0),
    r"expand_dims: shapes \(2, 3\) with 4": lambda x: x.expand_dims(4),
    r"flip: shapes \(2, 3\) with 2": lambda x: x.flip(2),
    r"concat: shapes \(2, 3\) and \(3, 2\) with 0": lambda x: ops.concat([x, x.T]),
    r"concat: shapes \(2, 3\) and \(2, 3\) with 2": lambda x: ops.concat([x, x], 2),
    r"concat: .*at least one": lambda x: ops.concat([]),
    r"split: shapes \(2, 3\) with 2, 1 .*equal division": lambda x: x.split(2, 1),
    r"split: .*at least one section": lambda x: x.split(0),
    r"pad: shapes \(2, 3\) with -1 .*at least 0": lambda x: x.pad(-1),
    r"pad: shapes \(2, 3\) with \(\(1, 2\), \(3, 4\), \(5, 6\)\)": lambda x: x.pad(((1, 2), (3, 4), (5, 6))),
    r"maximum: shapes \(2, 3\) and \(4,\)": lambda x: x.maximum(np.ones(4)),
    r"where: shapes \(2, 3\) and \(\)": lambda x: ops.where(np.ones(4, bool), x, 0.0),
    r"mse_loss: shapes \(2, 3\) and \(3,\) do not fit; reshape": lambda x: ops.mse_loss(x, x[0]),
    r"einsum: shapes \(2, 3\) and \(2, 3\) with 'ij,jk' .*'j' is 3 and 2 long": lambda x: ops.einsum("ij,jk", x, x),
    r"einsum: .*give 2 operands": lambda x: ops.einsum("ij,jk", x),
    r"einsum: shapes \(2, 3\) with 'ijk' .*one letter for each axis": lambda x: ops.einsum("ijk", x),
    r"einsum: .*one letter for each axis": lambda x: ops.einsum("i1", x),
    r"einsum: .*the result takes letters of the operands": lambda x: ops.einsum("ij->ik", x),
    r"einsum: .*each once": lambda x: ops.einsum("ij->ii", x),
    r"einsum: .*and \.\.\. if they do": lambda x: ops.einsum("...j->j", x),
    r"index: shapes \(2, 3\) with \(0, 3\)": lambda x: x[0, 3],
    r"dropout: p is 1.5; give a probability from 0 to 1": lambda x: ops.dropout(x, 1.5, np.random.default_rng(0)),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_refusal_is_one_line_with_the_op_the_shapes_and_what_to_do(message):
    with pytest.raises(MinigradError, match=message) as caught:
        REFUSED[message](Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.take([0.5]),
        lambda x: x.take(np.array([True, False])),
        lambda x: x.pad(1.5),
        lambda x: x.sum(1.5),
        lambda x: ops.conv1d(x[None], np.ones((1, 2, 1)), 1.5),
        lambda x: x.maximum("a"),
    ],
    ids=["take by floats", "take by a mask", "pad", "sum", "conv1d", "maximum"],
)
def test_what_is_no_integer_is_not_rounded_to_one(f):
    with pytest.raises(DtypeError, match=r"^(take|pad|sum|conv1d|maximum): ") as caught:
        f(Tensor(np.ones((2, 3)), requires_grad=True))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "f",
    [
        ops.maximum,
        ops.minimum,
        ops.conv1d,
        ops.mse_loss,
        lambda a, b: ops.where(True, a, b),
        lambda a, b: ops.concat([a, b]),
        lambda a, b: ops.einsum("abc,abc", a, b),
        lambda a, b: ops.clip(a, b.data),
        lambda a, b: a**b.data,
    ],
    ids=["maximum", "minimum", "conv1d", "mse_loss", "where", "concat", "einsum", "clip", "power"],
)
def test_precisions_do_not_mix(f):
    low, high = (Tensor(np.ones((1, 2, 3)), dtype=dtype, requires_grad=True) for dtype in (np.float32, np.float64))
    with pytest.raises(DtypeError, match="float32 and float64 do not mix"):
        f(low, high)
