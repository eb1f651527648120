"""The CUDA suite runs on a GPU, or with NUMBA_ENABLE_CUDASIM=1 in Numba's simulator; with neither it is skipped."""

import pytest

from minigrad.devices import found


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture. A file that says WITHOUT_A_DEVICE needs none."""
    needed = not getattr(item.module, "WITHOUT_A_DEVICE", False)  # type: ignore[attr-defined]  # a test's item has one
    if needed and found().missing:
        pytest.skip(f"no GPU ({found().missing}); NUMBA_ENABLE_CUDASIM=1 runs this in Numba's simulator")
