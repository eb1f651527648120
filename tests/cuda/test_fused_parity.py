"""Fused layers on a GPU give what the CPU gives: outputs, last states, and every gradient."""

import numpy as np
import pytest
from cuda_at_once import AtOnce
from cuda_layer_cases import FAMILIES, check, divided, ids, vectors

from minigrad.devices import found


@pytest.fixture(autouse=True)
def _unclean(monkeypatch):
    """Memory that nobody has written to holds no numbers."""
    from minigrad.cuda import memory

    def take(self, count, dtype):
        block = memory.allocate(count, dtype)
        block[:] = np.full(count, np.nan if dtype.kind == "f" else 99, dtype)
        return block

    monkeypatch.setattr(memory.Pool, "take", take)


SIMULATED = pytest.mark.skipif(not found().simulated, reason="on a GPU blocks run at once by themselves")


@pytest.mark.parametrize("name", FAMILIES)
def test_both_directions_and_uneven_lengths(name):
    lengths = [3, 1, 2]
    check(name, (2, 3), vectors(3, 3, 2), lengths, bidirectional=True, dtype=np.float64)


@pytest.mark.parametrize("name", FAMILIES)
def test_ids_without_biases_in_float32(name):
    check(name, (3, 2), ids(3, 2, 2), started=False, bias=False, dtype=np.float32)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_ids_backwards_with_biases(name):
    padded = ids(3, 2, 2)
    padded[1, 1] = -7  # of no step: what stands there does not matter
    check(name, (3, 2), padded, [2, 1], bidirectional=True, dtype=np.float64)


def test_two_layers_in_float32():
    check("lstm", (2, 2), vectors(2, 2, 2), num_layers=2, dtype=np.float32)


@pytest.mark.parametrize("name", ["rnn", "peepholes", "gru before"])
def test_parts_of_the_units(name, monkeypatch):
    # Three units in parts of two: the last has one; as many launches as stages, since simulated blocks cannot wait.
    monkeypatch.setattr("rnn.fused.cuda.layer.planned", divided(2, threads=4))
    check(name, (1, 3), vectors(2, 2, 1), dtype=np.float64)


@pytest.mark.parametrize("name", ["rnn", "gru before"])
def test_weights_that_do_not_fit(name, monkeypatch):
    monkeypatch.setattr("rnn.fused.cuda.layer.planned", divided(2, threads=4, resident=False))
    check(name, (1, 3), vectors(2, 1, 1), dtype=np.float64)


@SIMULATED
@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "gru before"])
def test_parts_that_wait_for_each_other(name, monkeypatch):
    """All blocks at once, three parts: of two groups of rows, and of one with two tiles of rows."""
    from rnn.fused.cuda import FAMILIES as KERNELS

    layer = {"rnn": "elman", "gru": "gru-after", "gru before": "gru"}.get(name, name)
    kind = type(KERNELS[layer])
    monkeypatch.setattr(kind, "forward", AtOnce(kind.forward))
    monkeypatch.setattr(kind, "backward", AtOnce(kind.backward))
    for most in (64, 3):  # the counters go on from launch to launch
        plan = divided(2, threads=2 if name == "rnn" else 4, apart=False, most=most)
        monkeypatch.setattr("rnn.fused.cuda.layer.planned", plan)
        check(name, (2, 5), vectors(3, 3, 2), [3, 1, 2], dtype=np.float64)
