"""Derivatives of every op of the table, on every sample it brings: add an op and these tests are its tests.

Its values are tested beside this file, in `test_ops_references`: the one place where a new op needs a line.
"""

import numpy as np
import pytest

from minigrad import Tensor, differences, grad, gradcheck, ops, relative_error


def test_plain_arrays_give_a_plain_array(case):
    result = case.raw(*case.arrays)
    assert not isinstance(result[0] if isinstance(result, tuple) and result else result, Tensor)
    np.testing.assert_array_equal(case(*case.arrays), case(*case.leaves()).data)


def test_gradients_equal_differences_to_second_order(case):
    if sum(a.size for a in case.arrays) and case(*case.arrays).size:
        assert gradcheck(case, case.arrays, order=2) < 1e-6


def test_both_modes_of_the_rule_agree(case):
    seed, xs = case.cotangent(), case.leaves()
    plain = grad(case(*xs), xs, seed=seed)
    recorded = grad(case(*xs), xs, seed=seed, create_graph=True)
    for x, p, r in zip(xs, plain, recorded, strict=True):
        assert p.shape == r.shape == x.shape
        assert relative_error(p.data, r.data) < 1e-13


@pytest.mark.parametrize("create_graph", [False, True])
def test_float32_stays_float32_and_near_float64(case, create_graph):
    seed = case.cotangent()
    results = []
    for dtype in (np.float32, np.float64):
        xs = case.leaves(dtype)
        y = case(*xs)
        found = [y, *grad(y, xs, seed=seed.astype(dtype), create_graph=create_graph)]
        assert {t.dtype for t in found} == {np.dtype(dtype)}
        results.append(found)
    for low, high in zip(*results, strict=True):
        assert relative_error(low.data, high.data) < 1e-5


def test_forward_mode_by_two_backward_passes_equals_differences(case):
    """u ↦ ⟨rule(u), v⟩ is linear, and its gradient is the directional derivative along v."""
    rng = np.random.default_rng(11)
    directions = [rng.standard_normal(a.shape) for a in case.arrays]
    xs = case.leaves()
    u = Tensor(case.cotangent(), requires_grad=True)
    back = grad(case(*xs), xs, create_graph=True, seed=u)
    jvp = grad(sum((g * v).sum() for g, v in zip(back, directions, strict=True)), u).data
    moved = differences(
        lambda s: case(*(a + s * v for a, v in zip(case.arrays, directions, strict=True))), np.zeros(())
    )
    assert relative_error(jvp, moved) < 1e-8


def test_a_tensor_used_twice_gets_both_parts(cases):
    """The same tensor in two places, where two inputs are alike; beside it exp(x), as x − x alone feels nothing."""
    for case in cases:
        first, *others = case.arrays
        if others and all(x.shape == first.shape for x in others) and first.size:

            def twice(t, case=case):
                return ops.concat([case(*[t] * len(case.arrays)).reshape(-1), ops.exp(t).reshape(-1)])

            gradcheck(twice, [first], order=2)
            break
    else:
        gradcheck(lambda *xs: cases[0](*xs) * cases[0](*xs), cases[0].arrays, order=2)


def test_forward_writes_on_no_input_and_repeats_itself(case):
    xs, seed = case.leaves(), case.cotangent()
    y = case(*xs)
    first = grad(y, xs, seed=seed, retain_graph=True)
    again = grad(y, xs, seed=seed)
    assert all(np.array_equal(x.data, a) for x, a in zip(xs, case.arrays, strict=True))
    assert all(np.array_equal(a.data, b.data) for a, b in zip(first, again, strict=True))


def test_what_shares_memory_with_its_input_says_so(case):
    """Else a change in place of the one would pass unseen by the other."""
    xs = case.leaves()
    results = case.raw(*xs)
    for y in results if isinstance(results, tuple) else [results]:
        assert all(y.shared() is x.shared() for x in xs if np.shares_memory(x.data, y.data))


def test_a_name_is_entered_once():
    with pytest.raises(ValueError, match="has an op named tanh"):
        ops.op("tanh", np.tanh, lambda g: g)
