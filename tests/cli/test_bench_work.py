"""What `rnn-lab bench` computes: the same numbers as a derivation by hand, and as many products as are needed."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cli.lab.bench import problem
from cli.lab.bench.implementations import WORKERS
from cli.lab.bench.products import Product, flops, products
from cli.lab.bench.workers import floor, ours, serving
from cli.lab.bench.workloads import TRAINING, Workload, chosen, growing
from minigrad import ShapeError

TINY = Workload("tiny", "rnn", 5, steps=4, batch=3, vocabulary=6)


class Counted(np.ndarray):
    """An array that counts the operations of its matrix products; what is computed from it counts too."""

    operations = 0

    def __matmul__(self, other):
        Counted.operations += 2 * self.shape[0] * self.shape[1] * other.shape[1]
        return np.asarray(self) @ np.asarray(other)


def product(a, b):
    return a.view(Counted) @ b


def by_hand(workload, arrays, count=3):
    """Losses and norms of the first steps of an Elman network, by the formulas of [DLB 10.2.2]."""
    p = {k.rpartition(".")[2]: a.astype(float) for k, a in arrays.items() if k not in ("ids", "targets")}
    ids, targets, found = arrays["ids"], arrays["targets"], []
    T, B, H, V = workload.steps, workload.batch, workload.hidden, workload.vocabulary
    for _ in range(count):
        h = np.zeros((T + 1, B, H))
        for t in range(T):
            a = p["weight_ih_l0"].T[ids[t]] + p["bias_ih_l0"] + p["bias_hh_l0"]
            h[t + 1] = np.tanh(a + product(h[t], p["weight_hh_l0"].T) if t else a)
        rows = h[1:].reshape(T * B, H)
        o = product(rows, p["weight"].T) + p["bias"]
        y = np.exp(o) / np.exp(o).sum(1, keepdims=True)
        right = np.eye(V)[targets.reshape(-1)]
        do = (y - right) / (T * B)
        g = {"weight": product(do.T, rows), "bias": do.sum(0)}
        out, da, back = product(do, p["weight"]).reshape(T, B, H), np.zeros((T, B, H)), 0.0
        for t in reversed(range(T)):
            da[t] = (1 - h[t + 1] ** 2) * (out[t] + back)
            back = product(da[t], p["weight_hh_l0"]) if t else 0.0
        g["weight_hh_l0"] = product(da[1:].reshape(-1, H).T, h[1:T].reshape(-1, H))
        g["bias_ih_l0"] = g["bias_hh_l0"] = da.sum((0, 1))
        g["weight_ih_l0"] = np.zeros((H, V))
        np.add.at(g["weight_ih_l0"].T, ids, da)
        norm = np.sqrt(sum((one**2).sum() for one in g.values()))
        found += [-np.log(y[right == 1]).mean(), norm]
        p = {k: p[k] - g[k] * min(1, 1 / norm) for k in p}
    return found


def checked(workload, variant="auto"):
    ours.start(1, variant)
    return ours.load(workload.fields(), problem.draw(workload, np.random.default_rng(3))).check()


@pytest.mark.parametrize("variant", ["auto", "stepwise"])
@pytest.mark.parametrize("scale", [1, 40])
def test_a_step_is_the_one_derived_by_hand(variant, scale):
    """With large output weights the gradient's norm is above 1, so that clipping shows."""
    arrays = problem.draw(TINY, np.random.default_rng(3))
    arrays["head.weight"] *= scale
    expected = by_hand(TINY, arrays)
    assert (max(expected[1::2]) > 1) == (scale > 1)
    ours.start(1, variant)
    assert_allclose(ours.load(TINY.fields(), dict(arrays)).check(), expected, rtol=1e-5)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("form", [{}, {"layers": 2}, {"layers": 2, "bidirectional": True}])
def test_both_of_ours_agree_and_take_every_weight(cell, form):
    workload = Workload("w", cell, 5, steps=4, batch=3, vocabulary=6, **form)
    stepwise = checked(workload, "stepwise")
    assert len(stepwise) == 6
    assert_allclose(checked(workload), stepwise, rtol=1e-5)
    arrays = problem.draw(workload, np.random.default_rng(3))
    del arrays["head.bias"]
    with pytest.raises(ShapeError, match=r"head\.bias is missing"):
        ours.load(workload.fields(), arrays)


def test_the_same_seed_gives_the_same_problem(tmp_path):
    first, again = (problem.draw(TINY, np.random.default_rng(1)) for _ in range(2))
    assert all((first[name] == again[name]).all() for name in first)
    with np.load(problem.write(TINY, tmp_path, seed=1)) as stored:
        assert all((first[name] == stored[name]).all() for name in first)
    assert (problem.draw(TINY, np.random.default_rng(2))["ids"] != first["ids"]).any()
    assert {a.dtype for a in first.values()} == {np.dtype(np.float32), np.dtype(np.int64)}
    weights = np.concatenate([a.ravel() for name, a in first.items() if "." in name])
    assert 0.9 / np.sqrt(5) < np.abs(weights).max() <= 1 / np.sqrt(5)


def test_products_are_those_that_a_derivation_by_hand_multiplies():
    Counted.operations = 0
    by_hand(TINY, problem.draw(TINY, np.random.default_rng(3)), count=1)
    assert flops(TINY) == Counted.operations > 0


def test_products_of_the_largest_workload_counted_on_paper():
    """Six multiplications of (T − 1) B × H × 4H in each of four LSTMs, three of T·B × 2H × 4H in two, and the head."""
    two_ways = TRAINING[-1]
    assert (two_ways.layers, two_ways.bidirectional, two_ways.cell) == (2, True, "lstm")
    state, inputs, head = 34 * 32 * 256 * 1024, 35 * 32 * 512 * 1024, 35 * 32 * 512 * 28
    assert flops(two_ways) == 2 * 3 * (4 * state + 2 * inputs + head)
    assert products(Workload("g", "lstm", 8, tokens=5)) == ()


def test_the_floor_does_every_product(monkeypatch):
    done = []
    multiply = np.matmul
    monkeypatch.setattr(np, "matmul", lambda a, b, out: done.append(2 * a.size * b.shape[1]) or multiply(a, b, out=out))
    monkeypatch.setattr(floor, "_seconds", lambda run: 0.0)  # of equals the first is taken: BLAS
    workload = Workload("w", "gru", 5, 2, True, steps=4, batch=3, vocabulary=6)
    floor.load(workload.fields(), {}).step()
    assert sum(done) == flops(workload)
    assert len(done) > len(products(workload)), "those of a loop over time are done one by one"


@pytest.mark.parametrize("shape", [(4, 3, 5, 15), (1, 70, 33, 40), (2, 1, 8, 8)])
def test_both_kernels_of_the_floor_give_the_products(shape):
    """One of them is as slow as it likes; wrong neither may be."""
    times, m, k, n = shape
    rng = np.random.default_rng(0)
    left, right = (rng.standard_normal(s).astype(np.float32) for s in ((times, m, k), (k, n)))
    for kernel in (floor._blas, floor._packed):
        out = np.full((times, m, n), np.nan, np.float32)
        kernel(left, right, out)()
        assert np.abs(out - left.astype(float) @ right.astype(float)).max() < 1e-4


def test_the_floor_takes_the_quicker_kernel(monkeypatch):
    monkeypatch.setattr(floor, "_seconds", lambda run: 1.0 if run.__qualname__.startswith("_blas") else 0.5)
    monkeypatch.setattr(floor, "_packed", lambda *operands: lambda: "packed")
    assert floor._kernel(Product("p", 3, 4, 5), np.random.default_rng(0))() == "packed"


@pytest.mark.parametrize("variant", ["auto", "stepwise"])
def test_generation_is_scored_as_the_product_of_its_conditionals(variant):
    """−log P of the given ids, one at a time by the formulas of the LSTM [D2L 9.2]."""
    workload = Workload("g", "lstm", 5, steps=1, batch=1, vocabulary=6, tokens=7)
    arrays = problem.draw(workload, np.random.default_rng(3))
    p = {name: a.astype(float) for name, a in arrays.items()}
    ids, h, c, total = arrays["ids"][:, 0], np.zeros(5), np.zeros(5), 0.0
    for token, after in pairwise(ids):
        a = p["rnn.weight_ih_l0"][:, token] + p["rnn.bias_ih_l0"] + p["rnn.weight_hh_l0"] @ h + p["rnn.bias_hh_l0"]
        i, f, g, o = a.reshape(4, 5)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        scores = p["head.weight"] @ h + p["head.bias"]
        total += np.log(np.exp(scores).sum()) - scores[after]
    ours.start(1, variant)
    work = ours.load(workload.fields(), arrays)
    assert_allclose(work.check(), [total / 6], rtol=1e-5)
    work.step()


def test_names_choose_workloads_in_their_own_order():
    assert [w.name for w in chosen(())] == [w.name for w in TRAINING]
    assert len(TRAINING) == 8
    assert [w.name for w in chosen(("generate", "rnn-32", "rnn-32"))] == ["rnn-32", "generate"]
    sizes = [(axis, w.steps, w.batch) for axis, w in growing(TRAINING[0])]
    assert ("T", 32, 32) in sizes
    assert ("T", 4096, 32) in sizes
    assert {steps for axis, steps, _ in sizes if axis == "B"} == {35}


def test_settling_waits_until_steps_take_about_as_long(monkeypatch):
    """The first step is not counted; then three in a row within a tenth, or the limit."""
    took = iter([9.0, 5.0, 3.0, 1.0, 1.05, 1.02, 7.0])
    clock = [0.0]

    class Work:
        def step(self):
            clock[0] += next(took)

    monkeypatch.setattr(serving.time, "perf_counter", lambda: clock[0])
    server = serving.Server(None)
    server.works["w"] = Work()
    assert server.settle("w", limit=100) == pytest.approx(1.02)
    assert next(took) == 7.0
    took = iter([9.0, 5.0, 3.0, 1.0])
    assert server.settle("w", limit=4) == pytest.approx(5.0)


def test_workers_of_peers_import_nothing_of_ours():
    """They run under another Python, by path."""
    for name in ("serving", "with_torch", "with_jax"):
        source = (WORKERS / f"{name}.py").read_text(encoding="utf-8")
        for room in ("cli", "rnn", "minigrad", "data"):
            assert f"from {room}" not in source
            assert f"import {room}" not in source
