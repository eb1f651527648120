"""Recurrent layers and language models on a GPU: what may be given, what is refused, what goes around the kernels."""

import numpy as np
import pytest
from cuda_at_once import AtOnce
from cuda_layer_cases import answers, check, divided, ids, vectors
from layer_cases import LAYERS, parts

from minigrad import DeviceError, Tensor, grad, no_grad, relative_error
from minigrad.devices import found
from rnn import GRU, LSTM, RNN
from rnn.decoding import sample
from rnn.errors import RnnError
from rnn.fused.inside import inside
from rnn.models import LanguageModel


def both(build, *sizes, **options):
    """The same layer on the CPU and on the GPU."""
    return [build(*sizes, rng=np.random.default_rng(0), device=device, **options) for device in ("cpu", "cuda")]


def test_second_order_goes_through_the_steps():
    found = []
    for layer in both(RNN, 1, 2, dtype=np.float64):
        x = Tensor(vectors(2, 1, 1), True, device=layer.device)
        w = layer.weight_hh_l0
        first = grad((layer(x)[0] ** 2).sum(), [x, w], create_graph=True)
        found.append([g.numpy() for g in grad((first[0] ** 2).sum() + first[1].sum(), [x, w])])
    for a, b in zip(*found, strict=True):
        assert relative_error(b, a) <= 1e-10


def test_checkpoints_of_uneven_rows():
    check("lstm", (1, 2), vectors(4, 2, 1), [4, 1], gradient_checkpointing=True, dtype=np.float64)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "gru before"])
def test_what_nobody_goes_back_through(name):
    x, outputs = ids(3, 4, 2), []
    with no_grad():
        for layer in both(LAYERS[name], 3, 2, bidirectional=True, dtype=np.float64):
            y, last = layer(x, lengths=[2, 4])
            outputs.append([y.numpy(), *(p.numpy() for p in parts(last))])
    for a, b in zip(*outputs, strict=True):
        assert relative_error(b, a) <= 1e-10


def test_cells_without_kernels_run_step_by_step():
    x = vectors(2, 2, 2)
    ours, theirs = (answers("jordan", (2, 2), x, device=d, dtype=np.float64) for d in ("cuda", "cpu"))
    assert max(relative_error(ours[key], theirs[key]) for key in theirs) <= 1e-10


def test_ids_on_the_gpu():
    there, x = RNN(3, 2, device="cuda", rng=np.random.default_rng(0)), ids(3, 2, 2)
    wanted = there(x)[0].numpy()
    for dtype in (np.int64, np.int32):
        np.testing.assert_array_equal(there(Tensor(x.astype(dtype), device="cuda"))[0].numpy(), wanted)
    with pytest.raises(RnnError, match="ids from 0 to 3; RNN"):
        there(Tensor(np.array([[0], [3]]), device="cuda"))
    for wrong in (3, -1):  # computed there, so nobody knows it here
        y = there(Tensor(np.array([[0, 0], [1, wrong - 1]]), device="cuda") + 1)[0].numpy()
        assert np.isnan(y[1, 1]).all()
        assert not np.isnan(y[:, 0]).any()


def test_a_first_state_may_be_a_view():
    layer, there = both(GRU, 2, 2, dtype=np.float64)
    x, h = vectors(1, 2, 2), vectors(2, 3, 2)[:, 1:]
    state = Tensor(vectors(2, 3, 2), device="cuda")[:, 1:][1:]
    y, _ = there(Tensor(x, device="cuda"), state)
    assert relative_error(y.numpy(), layer(Tensor(x), Tensor(h[1:]))[0].numpy()) <= 1e-10


def test_devices_do_not_mix():
    here, there = both(RNN, 2, 3)
    x = Tensor(vectors(2, 2, 2), dtype=np.float32)
    with pytest.raises(DeviceError, match=r"cpu \(2, 2, 2\) and cuda"):
        there(x)
    with pytest.raises(DeviceError, match=r"cuda \(2, 2, 2\) and cpu"):
        here(x.to("cuda"))
    with pytest.raises(DeviceError, match=r"cuda .* and cpu \(2, 3\)"):
        there(x.to("cuda"), Tensor(np.zeros((1, 2, 3), np.float32)))
    y, _ = there(x.to("cuda"))
    with pytest.raises(RnnError, match="the tensor lies on cuda; inside"):
        inside(y)


def test_a_layer_moves():
    here, there = both(LSTM, 2, 2, bidirectional=True)
    assert (here.device, there.device) == ("cpu", "cuda")
    for name, value in here.state_dict().items():
        np.testing.assert_array_equal(there.state_dict()[name], value)
    x = Tensor(vectors(2, 1, 2), dtype=np.float32)
    before = here(x)[0].numpy().copy()
    np.testing.assert_array_equal(here.to("cuda").to("cpu")(x)[0].numpy(), before)


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_language_models(cell):
    here, there = both(LanguageModel, 4, 3, cell=cell, dtype=np.float64)
    text = ids(4, 5)
    for context in ("carry", 2):
        wanted = here.log_probs(text, context)
        given = there.log_probs(text, context)
        assert type(given) is np.ndarray
        assert relative_error(given, wanted) <= 1e-10
    for context in (text[:2], text[:0]):
        assert relative_error(there.next_distribution(context), here.next_distribution(context)) <= 1e-10
    drawn = [sample(m, text[:2], rng=np.random.default_rng(1)) for m in (here, there)]
    assert [next(drawn[1]) for _ in range(3)] == [next(drawn[0]) for _ in range(3)]


@pytest.mark.skipif(not found().simulated, reason="takes too long on a GPU, whose patience is greater")
def test_a_block_whose_others_never_come_gives_up(monkeypatch):
    from rnn.fused.cuda import FAMILIES as KERNELS
    from rnn.fused.cuda import block

    class Alone(AtOnce):
        def __getitem__(self, sizes):
            return super().__getitem__((1, *sizes[1:]))

    monkeypatch.setattr(type(KERNELS["elman"]), "forward", Alone(KERNELS["elman"].forward))
    monkeypatch.setattr("rnn.fused.cuda.layer.planned", divided(2, threads=2, apart=False))
    monkeypatch.setattr(block, "PATIENCE", 20)
    layer = RNN(2, 3, device="cuda")
    with no_grad():
        y, _ = layer(Tensor(vectors(2, 1, 2), dtype=np.float32, device="cuda"))
    assert np.isnan(y.numpy()).any()
