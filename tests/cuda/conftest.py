"""The CUDA suite runs on a GPU, or with NUMBA_ENABLE_CUDASIM=1 in Numba's simulator; with neither it is skipped."""

import pytest

from minigrad.devices import found


@pytest.fixture(autouse=True)
def _a_device(request: pytest.FixtureRequest) -> None:
    if not getattr(request.module, "WITHOUT_A_DEVICE", False) and found().missing:
        pytest.skip(f"no GPU ({found().missing}); NUMBA_ENABLE_CUDASIM=1 runs this in Numba's simulator")
