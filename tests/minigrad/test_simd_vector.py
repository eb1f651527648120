"""exp, tanh and the logistic function inside kernels, and folds of many numbers: against more exact arithmetic."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import DTYPES, folds, functions, normal

from minigrad.kernels.vector import ERRORS

NAMES = ("exp", "tanh", "sigmoid")
REFERENCES = {
    "exp": np.exp,
    "tanh": np.tanh,
    "sigmoid": lambda x: np.where(x < 0, np.exp(x), 1.0) / (1 + np.exp(-np.abs(x))),
}


# float32: numbers of every size there is, against float64


def every_size(stride):
    """float32 numbers through all bit patterns: both signs, denormals, infinities and NaNs too."""
    return np.arange(0, 1 << 32, stride, dtype=np.uint32).view(np.float32)


def worst(name, x, found):
    """The greatest relative error where the value is normal, and absolute error where it is finite, with their x."""
    with np.errstate(over="ignore", under="ignore"):
        exactly = REFERENCES[name](x.astype(np.float64))
    limits = np.finfo(np.float32)
    beyond = exactly > limits.max
    assert (found[beyond] == np.inf).all()
    normal = (np.abs(exactly) >= limits.tiny) & ~beyond
    error = np.abs(np.subtract(found, exactly, out=np.zeros_like(exactly), where=~beyond))
    relative = np.divide(error, np.abs(exactly), out=np.zeros_like(error), where=normal)
    return relative.max(), x[relative.argmax()], error.max(), x[error.argmax()]


def held(name, x):
    found, bound = functions(x)[name], ERRORS[name, "float32"]
    relative, there, absolute, where = worst(name, x, found)
    assert relative <= bound.relative, f"{relative:.2g} at {there}"
    assert absolute <= bound.absolute, f"{absolute:.2g} at {where}"
    return found


@pytest.mark.parametrize("name", NAMES)
def test_float32_keeps_its_bound_through_all_sizes(name):
    x = every_size(4099)
    held(name, x[np.isfinite(x)])


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_float32_keeps_its_bound_at_many_more(name):
    x = every_size(521)
    held(name, x[np.isfinite(x)])


@pytest.mark.parametrize("name", NAMES)
def test_float32_keeps_its_bound_where_it_matters(name):
    x = np.linspace(-20, 20, 400_001, dtype=np.float32)
    found = held(name, x)
    assert found.dtype == np.float32


def test_float32_tanh_keeps_its_bound_at_the_least_normal_numbers():
    x = np.geomspace(1.2e-38, 1e-36, 20_001).astype(np.float32)
    held("tanh", np.concatenate([x, -x]))


def test_float32_sigmoid_keeps_its_bound_down_to_the_least_normal_value():
    held("sigmoid", np.linspace(-87.33, -86.5, 20_001, dtype=np.float32))


def test_float64_sigmoid_keeps_its_bound_down_to_the_least_normal_value():
    assert compared("sigmoid", np.linspace(-708.39, -707, 200))[0] <= ERRORS["sigmoid", "float64"].relative


# float64: against decimal arithmetic of 50 digits


def exact(name, x):
    """The function of a float64 to some 50 digits."""
    with localcontext(prec=50):
        x = Decimal(max(-2000.0, min(2000.0, float(x))))
        if name == "exp":
            return x.exp()
        if name == "sigmoid":
            return 1 / (1 + (-x).exp())
        if abs(x) < Decimal("1e-6"):
            return x - x**3 / 3 + 2 * x**5 / 15 - 17 * x**7 / 315
        e = (2 * x).exp()
        return (e - 1) / (e + 1)


def compared(name, x):
    """The greatest relative error where the value is normal, the greatest absolute error, and each with its x."""
    limits, relative, absolute = np.finfo(np.float64), (0.0, 0.0), (0.0, 0.0)
    for at, found in zip(x.tolist(), functions(x)[name].tolist(), strict=True):
        value = exact(name, at)
        if value > Decimal(float(limits.max)):
            assert found == np.inf, at
            continue
        error = abs(Decimal(found) - value)
        absolute = max(absolute, (float(error), at))
        if abs(value) >= Decimal(float(limits.tiny)):
            relative = max(relative, (float(error / abs(value)), at))
    return *relative, *absolute


def sizes(rng, n):
    """float64 numbers: of all sizes, of usual ones, and around the places where a function is put together."""
    bits = rng.integers(0, 1 << 64, n, dtype=np.uint64).view(np.float64)
    usual = rng.standard_normal(n) * 10.0 ** rng.integers(-4, 3, n)
    steps = np.log(2) * (rng.integers(-1070, 1020, n // 2) + 0.5)  # where n changes in 2ⁿ eʳ
    edges = np.array([0.625, 0.0, 709.78, 710.0, -745.0, -746.0, 19.06, 5e-324, 2.3e-308, -708.0, 707.0])
    near = np.concatenate([edges, -edges, steps])
    every = np.concatenate([bits, usual, near, np.nextafter(near, np.inf), np.nextafter(near, -np.inf)])
    return every[np.isfinite(every)]


@pytest.mark.parametrize("name", NAMES)
def test_float64_keeps_its_bound(name):
    x = sizes(np.random.default_rng(0), 700)
    relative, there, absolute, where = compared(name, x)
    bound = ERRORS[name, "float64"]
    assert relative <= bound.relative, f"{relative:.2g} at {there}"
    assert absolute <= bound.absolute or name == "exp", f"{absolute:.2g} at {where}"


# Both


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_bound_is_near_what_the_precision_allows(dtype):
    """Else it would bound nothing."""
    for name in NAMES:
        assert ERRORS[name, dtype.__name__].relative < 6 * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_where_its_values_are_denormal(dtype):
    """Within one of the least number there is; below half of it zero."""
    least = float(np.finfo(dtype).smallest_subnormal)
    x = np.linspace(np.log(least) - 2, np.log(np.finfo(dtype).tiny), 500).astype(dtype)
    found = functions(x)["exp"]
    for at, value in zip(x.tolist(), found.tolist(), strict=True):
        assert abs(Decimal(value) - exact("exp", at)) <= Decimal(least)
    assert found[0] == 0
    assert 0 < found[-1] < 1.01 * np.finfo(dtype).tiny


@pytest.mark.parametrize("dtype", DTYPES)
def test_edges(dtype):
    largest = np.finfo(dtype).max
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, largest, -largest], dtype)
    found = functions(x)
    np.testing.assert_array_equal(found["exp"], [1, 1, np.inf, 0, np.nan, np.nan, np.inf, 0])
    one = 1 - ERRORS["tanh", dtype.__name__].absolute
    np.testing.assert_array_equal(found["tanh"][[0, 1, 4, 5]], [0, 0, np.nan, np.nan])
    assert (one <= found["tanh"][[2, 6]]).all()
    assert (found["tanh"][[3, 7]] <= -one).all()
    np.testing.assert_array_equal(found["sigmoid"][[0, 1, 2, 4, 5, 6]], [0.5, 0.5, 1, np.nan, np.nan, 1])
    assert (found["sigmoid"][[3, 7]] <= 2 * np.finfo(dtype).tiny).all()


def test_float32_tanh_keeps_the_sign_of_zero():
    assert np.signbit(functions(np.array([0.0, -0.0], np.float32))["tanh"]).tolist() == [False, True]


def test_float64_tanh_keeps_the_sign_of_zero():
    assert np.signbit(functions(np.array([0.0, -0.0]))["tanh"]).tolist() == [False, True]


@pytest.mark.parametrize("dtype", DTYPES)
def test_at_infinity_sigmoid_gives_its_limits(dtype):
    assert functions(np.array([-np.inf, np.inf], dtype))["sigmoid"].tolist() == [0, 1]


@pytest.mark.parametrize("dtype", DTYPES)
def test_tanh_is_odd_and_never_beyond_one(dtype):
    """1 − h² is never negative; from some place on tanh is ±1 to rounding."""
    rng = np.random.default_rng(1)
    x = sizes(rng, 5000).clip(*(s * float(np.finfo(dtype).max) for s in (-1, 1))).astype(dtype)
    found, mirrored = functions(x)["tanh"], functions(-x)["tanh"]
    assert (np.abs(found) <= 1).all()
    np.testing.assert_array_equal(found, -mirrored)
    large = np.abs(x) > 20
    assert (np.abs(found[large]) >= 1 - ERRORS["tanh", dtype.__name__].absolute).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_is_between_zero_and_one_and_its_sides_add_up(dtype):
    x = sizes(np.random.default_rng(2), 5000).clip(-1e30, 1e30).astype(dtype)
    found, mirrored = functions(x)["sigmoid"], functions(-x)["sigmoid"]
    assert ((found >= 0) & (found <= 1)).all()
    assert np.abs(found.astype(np.longdouble) + mirrored - 1).max() <= 2 * ERRORS["sigmoid", dtype.__name__].absolute


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_function_turns_back(dtype):
    """Where x grows by more than rounding can hide, each grows or stays."""
    x = np.linspace(-120, 88, 3001).astype(dtype)
    for name, y in functions(x).items():
        slack = 2 * ERRORS[name, dtype.__name__].relative * np.abs(y[1:])
        assert (np.diff(y) >= -slack).all(), name


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_number_has_its_values_wherever_it_stands(dtype):
    """In a whole vector, in what is left over, and alone: the same bits."""
    x = normal(np.random.default_rng(3), dtype, 70) * dtype(5)
    whole = functions(x)
    for first, last in ((0, 1), (3, 4), (0, 7), (1, 34), (5, 70)):
        part = functions(x[first:last].copy())
        for name in NAMES:
            np.testing.assert_array_equal(part[name], whole[name][first:last])


# Folds


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats(width=32) | st.sampled_from([-np.inf, np.nan, 0.0]), max_size=70),
    st.integers(0, 20), st.sampled_from(DTYPES),
)  # fmt: skip
def test_folds_are_pythons_sum_and_max(numbers, at, dtype):
    """`largest` passes over NaN; what stands before and behind is not read."""
    array = np.array([np.inf] * at + numbers + [np.inf] * 40, dtype)
    sum_, top = folds(array, at, len(numbers))
    assert top == max([x for x in numbers if x == x], default=-np.inf)
    kept = array[at : at + len(numbers)].astype(np.longdouble)
    size = np.abs(kept).sum()
    if np.isfinite(size) and size < np.finfo(dtype).max:
        assert abs(sum_ - kept.sum()) <= (len(numbers) + 1) * np.finfo(dtype).eps * size
    elif np.isnan(kept).any() or {np.inf, -np.inf} <= set(kept):
        assert np.isnan(sum_)
    assert sum_.dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_long_sum_is_nearer_than_one_after_the_other(dtype):
    """As many sums side by side as a vector has lanes."""
    ones = np.full(20_000, 0.1, dtype)
    one_by_one = np.add.accumulate(ones)[-1]
    exactly = 20_000 * float(dtype(0.1))
    assert abs(folds(ones, 0, 20_000)[0] - exactly) <= abs(one_by_one - exactly)
