"""The kernels of whole sequences compile for a GPU, with all that a thread has at hand in registers.

Needs the package numba-cuda with NVIDIA's compiler, as `test_compiles` does, and no GPU.
"""

import os

import numpy as np
import pytest
from layer_cases import LAYERS, parts

from minigrad import Tensor, grad

try:
    import numba_cuda
    from numba.cuda.cudadrv.nvvm import NVVM

    NVVM()
except Exception:  # each version has its own for what is missing
    numba_cuda = None

WITHOUT_A_DEVICE = True
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(numba_cuda is None, reason="numba-cuda with NVIDIA's compiler is not installed"),
    pytest.mark.skipif(bool(os.environ.get("NUMBA_ENABLE_CUDASIM")), reason="the simulator compiles nothing"),
]


@pytest.mark.parametrize(("name", "ids"), [("rnn", False), ("gru", True), ("gru before", False), ("peepholes", True)])
def test_a_layer_compiles(name, ids, monkeypatch):
    from cuda_dry import compiling

    from rnn.fused.cuda import plan

    monkeypatch.setattr(plan, "processors", lambda: 132)
    with compiling() as done:
        layer = LAYERS[name](4, 3, device="cuda")
        x = np.zeros((3, 2), int) if ids else Tensor(np.ones((3, 2, 4), np.float32), True, device="cuda")
        output, last = layer(x)
        loss = sum((part.sum() for part in parts(last)), output.sum())
        grad(loss, [*layer.parameters(), *([] if ids else [x])])
    whole = {kernel.__name__: ptx for (kernel, _), ptx in done.seen.items() if "rnn.fused" in kernel.__module__}
    assert whole.keys() == {"forward", "backward", "by_input"} | ({"by_peepholes"} if name == "peepholes" else set())
    for kernel, ptx in whole.items():
        assert "__local_depot" not in ptx, kernel  # what a thread sums up lies in registers
        assert ".f64" not in ptx, kernel
    for kernel in ("forward", "backward"):
        assert "ld.shared.f32" in whole[kernel]
        assert "\tld.f32" not in whole[kernel], kernel  # it is known of every number where it lies
