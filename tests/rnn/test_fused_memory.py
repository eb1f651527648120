"""Memory: how what is given lies there, whose results are, the same bits for any number of threads, what is held."""

import tracemalloc

import numpy as np
import pytest
from fused_cases import FUSED_LAYERS, Case, fused
from layer_cases import drawn, everything, first_state, parts

from minigrad import GradError, Tensor, grad, no_grad, relative_error
from minigrad.kernels import threads, workspace

every_family = pytest.mark.parametrize("name", FUSED_LAYERS)


def leaf(array):
    """A tensor around this very array, whatever its memory layout."""
    found = Tensor(0.0, requires_grad=True, dtype=array.dtype)
    found.data = array
    return found


def same_bits(mine, theirs):
    assert mine.keys() == theirs.keys()
    for name in mine:
        assert mine[name].tobytes() == theirs[name].tobytes(), name


# Memory layouts


def turned(array):
    """The same numbers, nowhere side by side."""
    wide = np.repeat(array, 2, axis=-1)
    wide[..., 1::2] = np.nan
    return wide[..., ::2]


@pytest.mark.parametrize("way", [turned, np.asfortranarray], ids=["strided", "turned"])
@every_family
def test_memory_layouts_do_not_matter(name, way):
    rng = np.random.default_rng(1)
    x, seed = rng.standard_normal((4, 3, 5)), rng.standard_normal((4, 3, 18))
    layer, other = (fused(name, 5, 9, bidirectional=True) for _ in range(2))
    first = [part.data for part in parts(first_state(layer, 3))]
    for p in other.parameters():
        p.data = way(p.data)
    results = []
    for each, change in ((layer, np.ascontiguousarray), (other, way)):
        leaves = [leaf(change(x)), *(leaf(change(part)) for part in first)]
        state = leaves[1] if len(first) == 1 else each.cell.State(*leaves[1:])
        output, _ = each(leaves[0], state, [4, 2, 3])
        results.append([output, *grad(output, [*leaves, *each.parameters()], seed=change(seed))])
    for mine, theirs in zip(*results, strict=True):
        assert mine.data.tobytes() == theirs.data.tobytes()


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int32, np.uint64])
@every_family
def test_ids_of_every_type_and_layout(name, kind):
    ids = np.random.default_rng(0).integers(0, 6, (4, 3))
    layer = fused(name, 6, 5)
    expected = layer(ids)[0].data
    for given in (ids.astype(kind), np.asfortranarray(ids), turned(ids.astype(float)).astype(kind)[::-1][::-1]):
        given.flags.writeable = False
        np.testing.assert_array_equal(layer(given)[0].data, expected)


@every_family
def test_nothing_given_is_written_to(name):
    layer, x, state = fused(name, 3, 9, bidirectional=True), drawn(4, 3, 3), first_state(fused(name, 3, 9, 2), 3)
    given = [x.data, *(part.data for part in parts(state)), *(p.data for p in layer.parameters())]
    before = [a.copy() for a in given]
    lengths, seed = np.array([4, 1, 2]), np.random.default_rng(5).standard_normal((4, 3, 18))
    kept = seed.copy()
    output, last = layer(x, state, lengths)
    results = [output.data, *(part.data for part in parts(last))]
    were = [a.copy() for a in results]
    grad(output, [x, *parts(state), *layer.parameters()], seed=seed, retain_graph=True)
    grad(sum(part.sum() for part in parts(last)), layer.parameters())
    for a, b in zip([*given, *results, seed], [*before, *were, kept], strict=True):
        np.testing.assert_array_equal(a, b)
    assert lengths.tolist() == [4, 1, 2]


@every_family
def test_results_have_memory_of_their_own(name):
    """What one call gave is not written over by the next, nor is one gradient a part of another."""
    layer, x = fused(name, 3, 40, bidirectional=True), drawn(30, 20, 3)  # more than 64 KiB: memory that is used again
    results = everything(layer, x)
    were = [r.data.copy() for r in results]
    others = everything(layer, drawn(30, 20, 3, seed=9))
    for mine, was, other in zip(results, were, others, strict=True):
        np.testing.assert_array_equal(mine.data, was)
        assert relative_error(other.data, was) > 1e-3
    gradients = [r.data for r in results[1 + len(layer.state_sizes) :]]
    assert not any(np.shares_memory(a, b) for k, a in enumerate(gradients) for b in gradients[:k])


@pytest.mark.parametrize("rows", [2, 64])
def test_a_change_of_the_output_in_place_is_noticed(rows):
    """Whether the output is small, or in memory that is used again."""
    for change in (lambda y: y, lambda y: y[0], lambda y: y.detach(), lambda y: y.detach()[0]):
        output, _ = fused("lstm", 3, 32)(drawn(20, rows, 3))
        loss = (output * output).sum()
        with no_grad():
            part = change(output)
            part += 1
        with pytest.raises(GradError, match="changed in place"):
            loss.backward()


# The same bits


LARGE = {"steps": 12, "rows": 50, "inputs": 20, "units": 65, "layers": 2, "both": True}


@pytest.fixture
def any_number_of_threads():
    before = threads.num_threads()
    yield threads.set_num_threads
    threads.set_num_threads(before)


@pytest.mark.parametrize("ids", [False, True])
@every_family
def test_the_same_bits_for_every_number_of_threads_and_twice(name, ids, any_number_of_threads, monkeypatch):
    monkeypatch.setattr(threads, "WORTH_SHARING", 0)
    lengths = tuple(np.random.default_rng(0).integers(1, 13, 50).tolist())
    case, found = Case(name, **LARGE, ids=ids, lengths=lengths), []
    for n in (1, 2, 3, 3):
        any_number_of_threads(n)
        found.append(case.answers("float32", "fused"))
    for other in found[1:]:
        same_bits(found[0], other)


@pytest.mark.parametrize("n", [1, 3])
@every_family
def test_no_grad_gives_the_same_bits_as_recording(name, n, any_number_of_threads, monkeypatch):
    """More steps than are computed ahead, so memory is used again within the sequence."""
    monkeypatch.setattr(threads, "WORTH_SHARING", 0)
    any_number_of_threads(n)
    layer = fused(name, 20, 65, 2, bidirectional=True, dtype=np.float32)
    x = np.random.default_rng(1).standard_normal((50, 50, 20)).astype(np.float32)
    lengths = np.random.default_rng(2).integers(1, 51, 50)
    output, last = layer(Tensor(x), lengths=lengths)
    for _ in range(3):
        with no_grad():
            plain, end = layer(Tensor(x), lengths=lengths)
        for mine, theirs in zip([plain, *parts(end)], [output, *parts(last)], strict=True):
            assert mine.data.tobytes() == theirs.data.tobytes()


@every_family
def test_a_row_is_the_same_in_any_company(name):
    """Up to rounding: whether it is alone in its tile, or in the last of several."""
    layer, x = fused(name, 3, 9), np.random.default_rng(0).standard_normal((6, 37, 3))
    together = layer(Tensor(x))[0].data
    for b in (0, 17, 36):
        assert relative_error(layer(Tensor(x[:, b : b + 1]))[0].data[:, 0], together[:, b]) < 1e-13


# What is held


def traced(f):
    """What f returns, the bytes still held then, and the most that were held on the way."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    result = f()
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return result, now - before, peak - before


@pytest.fixture
def nothing_spared(monkeypatch):
    """Memory that is let go of is not kept for the next who asks, and so is seen."""
    monkeypatch.setattr(workspace, "SPARE", 0)


@pytest.mark.usefixtures("nothing_spared")
@every_family
def test_without_recording_nothing_grows_with_the_steps_but_the_output(name):
    layer = fused(name, 8, 32, dtype=np.float32)

    def more(steps):
        x = Tensor(np.ones((steps, 16, 8), np.float32))
        with no_grad():
            layer(x)  # scratch memory is there from now on
            (output, _), now, peak = traced(lambda: layer(x))
        return now - output.data.nbytes, peak - output.data.nbytes

    (held, most), (held_long, most_long) = more(40), more(640)
    assert max(abs(held), abs(held_long)) < 10_000
    assert most_long - most < 10_000  # a step of 16 rows and 32 units is 2,048 bytes


KEPT = {"rnn": 0, "relu": 0, "gru": 4, "gru before": 4, "lstm": 5, "peepholes": 5}
"""Numbers that a step of a unit leaves for backward, besides its output."""


@pytest.mark.usefixtures("nothing_spared")
@every_family
def test_recording_holds_what_backward_needs_and_no_more(name):
    layer, grown = fused(name, 8, 32, dtype=np.float32), []
    for steps in (40, 680):
        x = Tensor(np.ones((steps, 16, 8), np.float32))
        layer(x)
        _, now, _ = traced(lambda x=x: layer(x))
        grown.append(now)
    a_block = 640 * 16 * 32 * 4
    assert (grown[1] - grown[0]) / a_block == pytest.approx(1 + KEPT[name], rel=0.05)
