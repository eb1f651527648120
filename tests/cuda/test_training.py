"""Modules, optimisers and clipping on the GPU: step by step what the CPU does; and checkpoints move between them."""

import numpy as np
import pytest

from minigrad import DeviceError, Tensor, nn, ops, optim, relative_error

OPTIMISERS = {
    "sgd": lambda p: optim.SGD(p, 0.1, weight_decay=0.01),
    "momentum": lambda p: optim.SGD(p, 0.1, momentum=0.9, dampening=0.3, weight_decay=0.01),
    "nesterov": lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "adagrad": lambda p: optim.Adagrad(p, 0.1, lr_decay=0.1, weight_decay=0.01, initial_accumulator_value=0.1),
    "rmsprop": lambda p: optim.RMSprop(p, 0.01, weight_decay=0.01),
    "centered": lambda p: optim.RMSprop(p, 0.01, momentum=0.5, centered=True),
    "adam": lambda p: optim.Adam(p, 0.01, weight_decay=0.01),
    "adamw": lambda p: optim.AdamW(p, 0.01),
}


class Own(optim.SGD):
    """An update of one's own, written for arrays."""

    def update(self, x, g, kept, t):
        x -= self.lr * np.sign(g) + 0.01 * np.maximum(g, 0)


OPTIMISERS["own"] = lambda p: Own(p, 0.1, weight_decay=0.02)


def network(device, dtype=np.float64):
    return nn.MLP((2, 3, 2), ops.tanh, dtype=dtype, rng=np.random.default_rng(2)).to(device)


def step(model, optimiser, k, device, clip=None):
    rng = np.random.default_rng(k)
    x, ids = rng.standard_normal((3, 2)), rng.integers(0, 2, 3)
    dtype = model.parameters()[0].dtype
    optimiser.zero_grad()
    loss = ops.cross_entropy(model(Tensor(x, dtype=dtype, device=device)), Tensor(ids, device=device))
    loss.backward()
    norm = optim.clip_grad_norm(model.parameters(), clip) if clip else 0.0
    optimiser.step()
    return loss.item(), norm


@pytest.mark.parametrize("name", OPTIMISERS)
def test_optimisers_do_what_the_cpu_does(name):
    models = [network(device) for device in ("cpu", "cuda")]
    both = [OPTIMISERS[name](m.parameters()) for m in models]
    models[1].layers[0].bias.requires_grad = models[0].layers[0].bias.requires_grad = True
    for k in range(3):
        losses = [step(m, o, k, d) for m, o, d in zip(models, both, ("cpu", "cuda"), strict=True)]
        assert losses[1] == pytest.approx(losses[0], rel=1e-10)
    assert all(p.device == "cuda" for p in models[1].parameters())
    for p, q in zip(*(m.parameters() for m in models), strict=True):
        assert relative_error(q.numpy(), p.numpy()) < 1e-10


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_clipping_by_the_norm(dtype):
    models = [network(device, dtype) for device in ("cpu", "cuda")]
    both = [optim.SGD(m.parameters(), 0.5) for m in models]
    for k in range(3):
        (a, norm), (b, there) = (
            step(m, o, k, d, clip=0.05) for m, o, d in zip(models, both, ("cpu", "cuda"), strict=True)
        )
        assert norm > 0.05
        assert (b, there) == pytest.approx((a, norm), rel=1e-5 if dtype == np.float32 else 1e-10)
    for p, q in zip(*(m.parameters() for m in models), strict=True):
        assert relative_error(q.numpy(), p.numpy()) < (1e-5 if dtype == np.float32 else 1e-10)


def test_clipping_does_what_it_says():
    p = nn.Parameter(np.zeros(4))
    q = nn.Parameter(np.zeros((2, 1)))
    for tensor, g in ((p, [3.0, -4.0, 0.0, np.nan]), (q, [[12.0], [-1.0]])):
        tensor.data = Tensor(tensor.data, device="cuda").data
        tensor.grad = Tensor(g, device="cuda")
    assert np.isnan(optim.clip_grad_norm([p, q], 1.0))
    assert p.grad.numpy()[0] == 3  # no factor heals it
    optim.clip_grad_value([p, q], 2)
    np.testing.assert_array_equal(p.grad.numpy(), [2, -2, 0, np.nan])
    np.testing.assert_array_equal(q.grad.numpy(), [[2], [-1]])
    p.grad = q.grad
    assert optim.clip_grad_norm([p, q], 1.0) == pytest.approx(np.sqrt(10))
    np.testing.assert_allclose(p.grad.numpy().ravel(), np.array([2, -1]) / np.sqrt(10))


def test_checkpoints_move_between_devices():
    source, target = network("cuda"), network("cpu")
    optimiser, other = (optim.Adam(m.parameters(), 0.01) for m in (source, target))
    step(source, optimiser, 0, "cuda")
    state, kept = source.state_dict(), optimiser.state_dict()
    assert all(type(v) is np.ndarray for v in state.values())
    assert {type(v) for v in kept.values()} <= {np.ndarray, int, float}
    target.load_state_dict(state)
    other.load_state_dict(kept)
    back, third = network("cuda"), None
    back.load_state_dict(state)
    third = optim.Adam(back.parameters(), 0.01)
    third.load_state_dict(kept)
    losses = [
        step(m, o, 1, d)[0] for m, o, d in ((source, optimiser, "cuda"), (target, other, "cpu"), (back, third, "cuda"))
    ]
    assert losses[1] == pytest.approx(losses[0], rel=1e-12)
    assert losses[2] == losses[0]
    for p, q in zip(source.parameters(), target.parameters(), strict=True):
        assert relative_error(p.numpy(), q.numpy()) < 1e-12


def test_modules_move_with_their_gradients():
    model = network("cpu")
    first = model.parameters()
    (model(Tensor(np.ones((1, 2)))).sum()).backward()
    before = [p.grad.numpy().copy() for p in first]
    assert model.to("cuda") is model
    assert model.parameters() == first
    for p, g in zip(first, before, strict=True):
        assert (p.device, p.grad.device) == ("cuda", "cuda")
        np.testing.assert_array_equal(p.grad.numpy(), g)
    model.to("cpu")
    assert {p.device for p in first} == {"cpu"}


def test_an_optimiser_that_was_left_behind_is_refused_before_anything_changes():
    model = network("cpu")
    optimiser = optim.SGD(model.parameters(), 0.1, momentum=0.9)
    model.to("cuda")
    before = model.state_dict()
    with pytest.raises(DeviceError, match=r"^SGD: made before the parameters were moved: arrays on cuda .* and cpu"):
        step(model, optimiser, 0, "cuda")
    assert optimiser.steps == [0] * 4
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_layers_give_what_the_cpu_gives():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 3, 6))
    for make in (
        lambda: nn.Conv1d(3, 2, 2, stride=2, padding=(1, 0), dtype=np.float64, rng=np.random.default_rng(0)),
        lambda: nn.LayerNorm((3, 6), dtype=np.float64),
        lambda: nn.Dropout(0.4, rng=np.random.default_rng(0)),
    ):
        here, there = (make().to(d)(Tensor(x, device=d)) for d in ("cpu", "cuda"))
        assert relative_error(there.numpy(), here.numpy()) < 1e-12
    table = nn.Embedding(5, 2, dtype=np.float64, rng=np.random.default_rng(0)).to("cuda")
    ids = np.array([[0, 4, 4], [1, 0, 0]])
    table(Tensor(ids, device="cuda")).sum().backward()
    np.testing.assert_array_equal(table.weight.grad.numpy()[:, 0], [3, 1, 0, 0, 2])
