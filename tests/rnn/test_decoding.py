"""Sampling: the kernel against the layers taken step by step, and both against the distribution that they draw from."""

from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest

from minigrad.nn import Linear
from rnn.decoding import sample
from rnn.errors import RnnError
from rnn.fused import FAMILIES
from rnn.layers import VARIANTS
from rnn.models import LanguageModel
from rnn.recurrent import Recurrent

V = 11


class Model(LanguageModel):
    """Any family of cells as a language model."""

    def __init__(self, family, layers, dtype, implementation, *, hidden=37, bias=True, scale=1.0):
        rng = np.random.default_rng(3)
        self.vocabulary, self.tied, self.embedding, self.dropout = V, False, None, None
        self.rnn = Recurrent(
            VARIANTS[family](V), V, hidden, layers, bias=bias, dtype=dtype, rng=rng, implementation=implementation
        )
        self.head = Linear(hidden, V, bias, dtype=dtype, rng=rng)
        for p in self.rnn.parameters():  # contractive, so that rounding stays rounding
            p.assign(0.12 * scale * rng.standard_normal(p.shape))
        for p in self.head.parameters():
            p.assign(scale * rng.standard_normal(p.shape))


def drawn(model, prompt, n, *, temperature=1.0, seed=5):
    ids = sample(model, np.array(prompt, int), temperature=temperature, rng=np.random.default_rng(seed))
    return list(islice(ids, n))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_kernel_draws_what_the_layers_draw(family, layers, dtype):
    fused, stepwise = (Model(family, layers, dtype, how) for how in ("fused", "stepwise"))
    for prompt, temperature in (([], 1.0), ([4], 0.7), ([1, 2, 3, 4, 5], 2.0), ([7], 0.0)):
        mine = drawn(fused, prompt, 50, temperature=temperature)
        assert mine == drawn(stepwise, prompt, 50, temperature=temperature)
        assert len(set(mine)) > 2 or temperature == 0


@pytest.mark.parametrize("family", ["elman", "gru-after", "lstm"])
def test_layers_without_biases(family):
    fused, stepwise = (Model(family, 2, np.float64, how, bias=False) for how in ("fused", "stepwise"))
    assert drawn(fused, [2, 9], 40) == drawn(stepwise, [2, 9], 40)


@pytest.mark.parametrize("implementation", ["fused", "stepwise"])
@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_tokens_come_as_often_as_the_model_says(implementation, temperature):
    """A network that has no memory draws independent tokens; their shares are softmax(o / temperature)."""
    model = Model("elman", 1, np.float64, implementation, scale=0.0)
    scores = np.linspace(-1.5, 1.5, V)
    model.head.bias.assign(scores)
    n = 4000
    found = np.bincount(drawn(model, [0], n, temperature=temperature), minlength=V) / n
    p = np.exp(scores / temperature)
    p /= p.sum()
    assert (np.abs(found - p) < 5 * np.sqrt(p * (1 - p) / n)).all()


def test_the_least_probable_are_drawn_too_and_the_impossible_never():
    model = Model("lstm", 1, np.float32, "fused", scale=0.0)
    scores = np.full(V, -np.inf)
    scores[[0, V - 1]] = 0.0
    model.head.bias.assign(scores)
    assert set(drawn(model, [3], 300)) == {0, V - 1}
    model.head.bias.assign(np.eye(V)[4] * 200.0)  # e²⁰⁰ overflows where nothing is taken off
    assert set(drawn(model, [3], 300)) == {4}


def test_a_sample_may_be_taken_in_pieces_and_is_the_same_for_the_same_seed():
    model = LanguageModel(V, 20, cell="gru", rng=np.random.default_rng(0))
    long = drawn(model, [1], 200)
    assert long == drawn(model, [1], 200)
    assert long[:30] == drawn(model, [1], 30)
    assert long != drawn(model, [1], 200, seed=6)


def test_going_on_from_a_prompt_is_going_on_from_its_tokens():
    """What follows a drawn text does not depend on whether the text was drawn or given."""
    model = LanguageModel(V, 20, 2, cell="lstm", dtype=np.float64, rng=np.random.default_rng(0))
    text = drawn(model, [1], 40, temperature=0)
    assert drawn(model, [1, *text[:25]], 15, temperature=0) == text[25:]


def test_the_weights_are_those_of_the_moment():
    model = LanguageModel(V, 20, rng=np.random.default_rng(0))
    before = drawn(model, [1], 60)
    model.head.weight.assign(np.flip(model.head.weight.data, axis=0).copy())
    assert drawn(model, [1], 60) != before


@pytest.mark.parametrize("temperature", [-0.1, np.nan])
def test_a_temperature_that_is_none(temperature):
    model = LanguageModel(V, 4, rng=np.random.default_rng(0))
    with pytest.raises(RnnError, match="temperature"):
        sample(model, np.array([1]), temperature=temperature, rng=np.random.default_rng(0))


def test_a_prompt_with_an_unknown_id():
    model = SimpleNamespace(vocabulary=V)
    with pytest.raises(RnnError, match="11"):
        sample(model, np.array([11]), rng=np.random.default_rng(0))
