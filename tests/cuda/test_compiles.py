"""Every kernel that ops and optimisers launch compiles for a GPU: what the simulator, which is Python, cannot see.

Needs the package numba-cuda with NVIDIA's compiler (`pip install "numba-cuda[cu12]"`), and no GPU.
"""

import os

import numpy as np
import pytest
from op_cases import CASES, FUNCTIONS

from minigrad import Tensor, grad, nn, ops, optim

try:
    from numba.cuda import compile_ptx
    from numba.cuda.cudadrv.nvvm import NVVM

    NVVM()
    import numba_cuda  # noqa: F401  # the package, whose way of compiling `dry` knows
except Exception:  # each version has its own for what is missing
    compile_ptx = None

WITHOUT_A_DEVICE = True
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(compile_ptx is None, reason="numba-cuda with NVIDIA's compiler is not installed"),
    pytest.mark.skipif(bool(os.environ.get("NUMBA_ENABLE_CUDASIM")), reason="the simulator compiles nothing"),
]


@pytest.fixture(scope="module")
def compiled():
    from cuda_dry import compiling

    with compiling() as done:
        yield done


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_kernels_of_an_op(compiled, name):
    for case in (c for c in CASES.values() if c.name == name):
        xs = [Tensor(a, requires_grad=True, dtype=np.float32, device="cuda") for a in case.arrays]
        y = case(*xs)
        grad(y, xs, seed=np.ones(y.shape, np.float32))


def test_the_kernels_of_training(compiled):
    model = nn.MLP((3, 4, 2), ops.tanh).to("cuda")
    loss = ops.cross_entropy(model(Tensor(np.ones((5, 3), np.float32), device="cuda")), np.zeros(5, int))
    loss.backward()
    params = model.parameters()
    optim.clip_grad_norm(params, 1e-3)
    optim.clip_grad_value(params, 1.0)
    for optimiser in (
        optim.SGD(params, 0.1),
        optim.SGD(params, 0.1, momentum=0.5),
        optim.Adagrad(params),
        optim.RMSprop(params, centered=True, momentum=0.5),
        optim.Adam(params),
        optim.AdamW(params),
    ):
        optimiser.step()


def test_float32_is_computed_as_float32(compiled):
    for (kernel, types), ptx in compiled.seen.items():
        if not any("float64" in str(t) for t in types) and kernel.__name__ != "_squares":
            assert ".f64" not in ptx, kernel.__qualname__
