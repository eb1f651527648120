"""Tensors on the GPU: how they get there and back, what does not mix, and what they have of the CPU's ways."""

import subprocess
import sys

import numpy as np
import pytest

from minigrad import (
    AnomalyError,
    DeviceError,
    DtypeError,
    GradError,
    ShapeError,
    Tensor,
    checkpoint,
    detect_anomaly,
    grad,
    gradcheck,
    graph_of,
    hessian,
    hvp,
    jacobian,
    jvp,
    nn,
    no_grad,
    ops,
    relative_error,
)

X = np.linspace(-1.0, 1.5, 6).reshape(2, 3)


def cuda(data, **options):
    return Tensor(data, device="cuda", **options)


def test_there_and_back():
    for data in (
        X,
        X.astype(np.float32),
        X.T,
        X[:, ::-1],
        np.arange(5),
        np.array([True, False]),
        2.5,
        np.zeros((0, 3)),
    ):
        x = cuda(data)
        assert x.device == "cuda"
        assert x.dtype == np.asarray(data).dtype
        np.testing.assert_array_equal(x.numpy(), data)
        assert not x.numpy().flags.writeable
        assert x.to("cuda") is x
        np.testing.assert_array_equal(x.to("cpu").numpy(), data)
    assert cuda(2.5).item() == 2.5
    assert repr(cuda([1.0, 2.0])) == "Tensor([1., 2.], float64, device='cuda')"


def test_moving_is_recorded():
    x = Tensor(X, requires_grad=True)
    y = (x.to("cuda") * 3).to("cpu") * x
    y.sum().backward()
    assert x.grad.device == "cpu"
    np.testing.assert_allclose(x.grad.numpy(), 6 * X)
    z = cuda(X, requires_grad=True)
    (z.to("cpu") ** 2).sum().backward()
    assert z.grad.device == "cuda"
    np.testing.assert_allclose(z.grad.numpy(), 2 * X)


def test_nothing_goes_to_the_host_unsaid():
    x = cuda(X)
    for take in (np.asarray, np.array, lambda t: np.asarray(t.data), lambda t: np.linalg.norm(t.data)):
        with pytest.raises(DeviceError, match=r"call \.numpy\(\)|has no launcher on cuda"):
            take(x)


def test_devices_do_not_mix():
    here, there = Tensor(X), cuda(X)
    both = [(here, there), (there, here), (there, X), (X, there)]
    for a, b in both:
        for op in (ops.add, ops.mul, ops.matmul, ops.maximum):
            with pytest.raises(
                DeviceError, match=r"arrays on c\w+ \(2, 3\) and c\w+ \(2, 3\) do not mix; move one with"
            ):
                op(a, b)
    for mixed in (
        lambda: ops.concat([here, there]),
        lambda: ops.where(X > 0, there, here),
        lambda: ops.linear(there, here, None),
        lambda: ops.take(there, Tensor([0])),
        lambda: grad(there.detach() * cuda(1.0, requires_grad=True), there, seed=here),
        lambda: there.__setitem__(0, here),
    ):
        with pytest.raises(DeviceError, match=r"cpu.* and |cuda.* and "):
            mixed()
    assert (there * 2.0).device == (np.float64(2) * there).device == "cuda"  # numbers lie nowhere


def test_what_cannot_lie_there():
    for dtype in (np.float16, np.longdouble, complex):
        with pytest.raises(DtypeError, match=r"^(cuda|Tensor): \w+ .*give \w+"):
            cuda(np.ones(2, dtype))
    with pytest.raises(DtypeError, match="float32 and float64 do not mix"):
        cuda(X) + cuda(X.astype(np.float32))
    with pytest.raises(ShapeError, match=r"add: shapes \(2, 3\) and \(2, 2\) do not fit"):
        cuda(X) + cuda(X[:, :2])


def test_memory_is_shared_with_other_libraries():
    class Foreign:
        """What CuPy's and PyTorch's arrays are: things with the interface."""

        def __init__(self, tensor):
            self.held, self.__cuda_array_interface__ = tensor, tensor.__cuda_array_interface__

    x = cuda(X.copy())
    seen = Tensor(Foreign(x.T[::-1]))
    assert seen.device == "cuda"
    np.testing.assert_array_equal(seen.numpy(), X.T[::-1])
    seen[0, 1] = 9.0
    assert x.numpy()[1, 2] == 9
    assert x.__cuda_array_interface__["strides"] is None
    assert x.T.__cuda_array_interface__["strides"] == (8, 24)
    copied = Tensor(Foreign(x), dtype=np.float32)
    copied[...] = 0.0
    assert x.numpy()[1, 2] == 9
    assert Tensor(Foreign(x), device="cpu").device == "cpu"


def test_an_op_without_a_launcher_is_named():
    from minigrad.graph import Op

    asks = Op("asks", lambda x: np.asarray(x) + 1, lambda g: g)
    with pytest.raises(DeviceError, match=r"the GPU|asks"):
        asks(cuda(X))
    constant = Op("spread", lambda x, n: np.repeat(x, n), lambda g, n: g)
    with pytest.raises(DeviceError, match=r"^spread: has no launcher on cuda; repeat: has no launcher"):
        constant(cuda(X), 2)
    words = Op("cube", lambda x, n: n * x**3, lambda g, x, n: g * (3 * n * x**2))
    x = cuda(X, requires_grad=True)
    words(x, 2).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 6 * X**2)


def test_changes_in_place_and_their_versions():
    x, y = cuda(X), Tensor(X)
    for t in (x, y):
        t += 1.0
        t[0] = 7.0
        t[:, 1] *= 2.0
        t[np.array([0, 0]), np.array([2, 2])] = np.array([3.0, 4.0])
        t[np.array([[False, True, False], [True, False, True]])] = -1.0
    np.testing.assert_array_equal(x.numpy(), y.numpy())
    w = cuda(X, requires_grad=True)
    product = (w * w).sum()
    with no_grad():
        w[0] = 0.0
    with pytest.raises(GradError, match="an input of mul was changed in place"):
        product.backward()
    base = cuda(X, requires_grad=True) * 1
    view, used = base.reshape(3, 2), (base * base).sum()
    base[0] = 1.0
    assert view.numpy().ravel()[0] == 1  # the memory is one
    with pytest.raises(GradError, match="changed in place"):
        used.backward()
    memory = cuda(X)
    used = (memory.reshape(3, 2)[1] * cuda([1.0, 2.0], requires_grad=True)).sum()  # a view of a view
    memory[0] = 1.0
    with pytest.raises(GradError, match="changed in place"):
        used.backward()


def test_hooks_anomaly_and_recomputing():
    x = cuda(X, requires_grad=True)
    seen = []
    x.register_hook(lambda g: seen.append(g.device) or g * 2)
    checkpoint(lambda t: (t * t).tanh(), x).sum().backward()
    assert seen == ["cuda"]
    host = Tensor(X, requires_grad=True)
    (host * host).tanh().sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * host.grad.numpy(), rtol=1e-12)
    with (
        detect_anomaly(),
        np.errstate(all="ignore"),
        pytest.raises(AnomalyError, match=r"log gave -inf at entry \(1,\)"),
    ):
        cuda([1.0, 0.0]).log()
    with detect_anomaly():
        cuda([1.0, 2.0]).log()


def test_derivatives_of_functions():
    f = lambda t: (t.tanh() * t).sum(axis=0)
    here, there = Tensor(X), cuda(X)
    v = np.cos(X)
    pairs = [
        (jacobian(f, there), jacobian(f, here)),
        (jvp(f, [there], [cuda(v)])[1], jvp(f, [here], [v])[1]),
        (hessian(lambda t: f(t).sum(), cuda(X[0])), hessian(lambda t: f(t).sum(), X[0])),
        (hvp(lambda t: f(t).sum(), there, cuda(v)), hvp(lambda t: f(t).sum(), here, v)),
    ]
    for a, b in pairs:
        assert a.device == "cuda"
        assert relative_error(a.numpy(), b.numpy()) < 1e-12
    assert gradcheck(lambda t: t.tanh(), [cuda(X[0, :2])], order=2) < 1e-6
    with pytest.raises(GradError, match="is off by"):
        gradcheck(lambda t: t.tanh() + t.detach() * t, [cuda(X[0, :2])])


def test_graphs_are_drawn_with_their_numbers():
    drawn = []
    for device in ("cpu", "cuda"):
        x = Tensor(X, requires_grad=True, device=device)
        drawn.append(str(graph_of((x.tanh() * 2).sum())))
    assert drawn[0] == drawn[1]


def test_dropout_draws_what_the_cpu_draws():
    here, there = (ops.dropout(x, 0.5, np.random.default_rng(4)) for x in (Tensor(X), cuda(X)))
    np.testing.assert_array_equal(here.numpy(), there.numpy())
    assert 0 < np.count_nonzero(here.numpy()) < X.size


def test_ids_are_checked_as_far_as_they_are_known():
    table, scores = cuda(X), cuda(X, requires_grad=True)
    for ids in (np.array([2]), cuda(np.array([0, 2])), np.array([-3])):
        with pytest.raises(ShapeError, match="out of bounds"):
            ops.take(table, ids)
    for ids in (np.array([0, 3]), cuda(np.array([0, -1])), np.array([[0], [1]])):
        with pytest.raises(ShapeError, match=r"each from 0 to 2|out of bounds"):
            ops.cross_entropy(scores, ids)
    unknown = cuda(np.array([0, 1]))
    unknown += 5
    assert np.isnan(ops.cross_entropy(scores, unknown).item())
    assert np.isnan(ops.take(table, unknown).numpy()).all()
    mended = cuda(np.array([0, 9]))
    mended[1] = 1
    np.testing.assert_array_equal(ops.take(table, mended).numpy(), X)
    embedding = nn.Embedding(3, 2).to("cuda")
    with pytest.raises(ShapeError, match="an id is -1; give ids from 0 to 2"):
        embedding(cuda(np.array([0, -1])))
    with pytest.raises(DtypeError, match="ids are float64; give integers"):
        embedding(cuda(X))


def test_importing_brings_in_nothing_of_cuda():
    code = "import sys, minigrad, rnn; print([m for m in sys.modules if m.startswith('minigrad.cuda')])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
