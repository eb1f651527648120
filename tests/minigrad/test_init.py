"""Initial values: their spread by the sources' formulas, and what the spread is for."""

import numpy as np
import pytest

from minigrad import ShapeError
from minigrad.init import (
    fans,
    kaiming_normal,
    kaiming_uniform,
    normal,
    orthogonal,
    uniform,
    xavier_normal,
    xavier_uniform,
)
from minigrad.nn import MLP, Conv1d, Embedding, Linear

SHAPES = [(300, 100), (60, 40, 5)]  # fans (100, 300) and (200, 300)

# Variances as the sources print them, from n_in and n_out.
SCHEMES = {
    "Glorot, uniform": (xavier_uniform(), lambda i, o: 2 / (i + o)),
    "Glorot, normal": (xavier_normal(), lambda i, o: 2 / (i + o)),
    "Glorot, uniform with a gain": (xavier_uniform(3), lambda i, o: 18 / (i + o)),
    "Glorot, normal with a gain": (xavier_normal(3), lambda i, o: 18 / (i + o)),
    "He, uniform": (kaiming_uniform(), lambda i, o: 2 / i),
    "He, normal": (kaiming_normal(), lambda i, o: 2 / i),
    "He, normal, backwards": (kaiming_normal(mode="fan_out"), lambda i, o: 2 / o),
    "He, uniform, backwards": (kaiming_uniform(mode="fan_out"), lambda i, o: 2 / o),
    "He, uniform, leaky": (
        kaiming_uniform(a=np.sqrt(5)),
        lambda i, o: 1 / (3 * i),
    ),  # what torch gives its linear layers
    "He, normal, leaky": (kaiming_normal(a=0.5), lambda i, o: 2 / (1.25 * i)),
    "uniform": (uniform(0.3), lambda i, o: 0.03),
    "normal": (normal(0.2), lambda i, o: 0.04),
}


def test_fans_by_hand():
    assert fans((300, 100)) == (100, 300)
    assert fans((60, 40, 5)) == (200, 300)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", SCHEMES)
def test_spread_and_mean(name, shape):
    """30,000 or 12,000 draws: the variance within 5 %, which tells apart all factors that could be forgotten."""
    scheme, variance = SCHEMES[name]
    drawn = scheme(np.random.default_rng(1), shape)
    expected = variance(*fans(shape))
    assert drawn.shape == shape
    assert drawn.var() == pytest.approx(expected, rel=0.05)
    assert abs(drawn.mean()) < 4 * np.sqrt(expected / drawn.size)
    fourth = ((drawn / drawn.std()) ** 4).mean()  # 9/5 for a uniform distribution, 3 for a normal one
    assert fourth == pytest.approx(1.8 if "uniform" in name else 3, rel=0.1)


def test_uniform_keeps_its_bound_and_normal_its_mean():
    rng = np.random.default_rng(0)
    drawn = uniform(0.3)(rng, (1000, 2))
    assert -0.3 <= drawn.min() < -0.29
    assert 0.29 < drawn.max() < 0.3
    assert normal(0.1, 5.0)(rng, (1000,)).mean() == pytest.approx(5, abs=0.02)


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (4, 2, 3), (9, 2, 2)], ids=str)
def test_orthogonal_rows_or_columns(shape):
    drawn = orthogonal(2.0)(np.random.default_rng(3), shape)
    assert drawn.shape == shape
    matrix = drawn.reshape(shape[0], -1)
    product = matrix @ matrix.T if shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-13)


def test_orthogonal_matrices_are_spread_evenly():
    """Half are reflections, every entry is as often positive as negative: not so for what QR alone returns."""
    rng = np.random.default_rng(4)
    drawn = np.array([orthogonal()(rng, (3, 3)) for _ in range(2000)])
    assert abs((drawn > 0).mean(axis=0) - 0.5).max() < 0.05
    assert abs((np.linalg.det(drawn) > 0).mean() - 0.5) < 0.05
    np.testing.assert_allclose(drawn.var(axis=0), 1 / 3, rtol=0.1)


@pytest.mark.parametrize("scheme", [xavier_uniform(), kaiming_normal(), orthogonal()])
@pytest.mark.parametrize("shape", [(3,), (), (0, 2), (2, 0)], ids=str)
def test_a_shape_without_fans_is_refused(scheme, shape):
    with pytest.raises(ShapeError, match="has no fan-in; give"):
        scheme(np.random.default_rng(0), shape)


def test_he_keeps_the_size_of_activations_through_twenty_layers_of_relu():
    """E[h²] stays where it was, as the derivation says; Glorot's would halve it at each layer."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((64, 200))
    sizes = {}
    for name, scheme in (("he", kaiming_normal()), ("glorot", xavier_normal())):
        h = x
        for _ in range(20):
            h = np.maximum(h @ scheme(rng, (200, 200)).T, 0)
        sizes[name] = (h**2).mean() / (x**2).mean()
    assert 0.3 < sizes["he"] < 3
    assert sizes["glorot"] < 1e-4


def test_layers_take_a_scheme_for_their_weights_and_leave_biases_as_torch_draws_them():
    rng = np.random.default_rng(6)
    layers = [Linear(400, 50, init=uniform(3), rng=rng), Conv1d(100, 50, 4, init=uniform(3), rng=rng)]
    for layer in layers:
        assert 2.9 < np.abs(layer.weight.data).max() <= 3
        assert 0.045 < np.abs(layer.bias.data).max() <= 0.05
    assert 2.9 < np.abs(Embedding(50, 8, init=uniform(3), rng=rng).weight.data).max() <= 3
    first, last = MLP([300, 40, 2], init=uniform(3), rng=rng).layers
    assert min(np.abs(layer.weight.data).max() for layer in (first, last)) > 2.8
    with pytest.raises(ShapeError, match=r"an array of shape \(2,\) was drawn for a weight of shape \(4, 3\)"):
        Linear(3, 4, init=lambda rng, shape: np.zeros(2))
