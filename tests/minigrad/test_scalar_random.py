"""Random graphs: Value, its tape, Tensor and central differences say the same."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minigrad import Tensor, Value, compile, relative_error

ONE = {
    "neg": lambda a: -a,
    "tanh": lambda a: a.tanh(),
    "sigmoid": lambda a: a.sigmoid(),
    "relu": lambda a: a.relu(),
    "exp": lambda a: a.exp(),
    "log": lambda a: a.log(),
    "square": lambda a: a**2,
    "root": lambda a: a**0.5,
    "inverse": lambda a: a**-1,
    "reflected": lambda a: 0.5 - a,
    "scaled": lambda a: a * 0.75 + 1,
}
TWO = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "term": lambda a, b: b + a * b,
}
# The same, kept from where numbers run away or are not defined.
TAME = {
    "exp": lambda a: a.tanh().exp(),
    "log": lambda a: (a * a + 0.5).log(),
    "root": lambda a: (a * a + 0.5) ** 0.5,
    "inverse": lambda a: (a * a + 0.5) ** -1,
    "div": lambda a, b: a / (b * b + 1),
}
steps = st.lists(st.tuples(st.sampled_from([*ONE, *TWO]), st.integers(0, 99), st.integers(0, 99)), max_size=25)
SETTINGS = settings(max_examples=40, deadline=None)


def build(program, leaves, table):
    """Apply each step to earlier values, and add all that no step used, so that everything counts."""
    values, used = list(leaves), set()
    for name, i, j in program:
        places = [k % len(values) for k in ((i,) if name in ONE else (i, j))]
        used.update(places)
        values.append(table[name](*(values[k] for k in places)))
    return sum(v for k, v in enumerate(values) if k not in used), values


def numbers(low, high, **options):
    return st.lists(st.floats(low, high, **options), min_size=1, max_size=4)


def by_values(program, x, table):
    leaves = [Value(number) for number in x]
    output, values = build(program, leaves, table)
    output.backward()
    return output, leaves, values


def bits(*found):
    flat = np.concatenate([np.ravel(x) for x in found]).astype(np.float64)
    return np.where(np.isnan(flat), np.nan, flat).view(np.int64).tolist()


@SETTINGS
@given(steps, numbers(-1e300, 1e300), numbers(-3, 3), st.integers(1, 10))
def test_a_tape_has_the_bits_of_values_whatever_the_numbers(program, wild, tame, batch):
    """Compiled at some numbers, replayed at others; infinities and nan included."""
    n = min(len(wild), len(tame))
    leaves = [Value(x) for x in tame[:n]]
    with np.errstate(all="ignore"):
        replayed = compile(build(program, leaves, ONE | TWO)[0], leaves)
        rows = np.array([wild[:n], tame[:n]] * batch)[:batch]
        outputs, gradients = replayed(rows)
        for row, output, gradient in zip(rows[:2], outputs, gradients, strict=False):
            expected, at, _ = by_values(program, row, ONE | TWO)
            assert bits(output, gradient) == bits(expected.data, [leaf.grad for leaf in at])
            assert bits(*replayed(row)) == bits(output, gradient)
    assert bits(outputs[2:]) == bits(outputs[:-2])
    assert bits(gradients[2:]) == bits(gradients[:-2])


@SETTINGS
@given(steps, numbers(-2, 2))
def test_values_are_tensors_and_differences(program, x):
    table = ONE | TWO | TAME
    output, leaves, values = by_values(program, x, table)
    assume(all(abs(v.data) < 1e3 for v in values))
    found = [leaf.grad for leaf in leaves]
    tensors = [Tensor(np.float64(number), requires_grad=True) for number in x]
    expected, _ = build(program, tensors, table)
    expected.backward()
    assert relative_error(output.data, expected.item()) < 1e-12 or abs(output.data) < 1e-12
    assert relative_error(found, [t.grad.item() for t in tensors]) < 1e-11
    corners = [v.parents[0].data for v in values if v.op and v.op.name == "relu"]
    assume(all(abs(c) > 1e-2 for c in corners) and all(abs(g) < 1e3 for g in found))
    np.testing.assert_allclose(slopes(program, x, table), found, rtol=1e-4, atol=1e-5)


def slopes(program, x, table, h=1e-6):
    """Central differences of the output by each number."""

    def at(k, change):
        moved = [Value(number + change * (i == k)) for i, number in enumerate(x)]
        return build(program, moved, table)[0].data

    return [(at(k, h) - at(k, -h)) / (2 * h) for k in range(len(x))]
