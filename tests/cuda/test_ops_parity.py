"""Every op of the table on every sample, with its gradients: what the GPU gives equals what the CPU gives."""

from typing import Any

import numpy as np
import pytest
from op_cases import CASES, Case

from minigrad import Tensor, grad, ops, relative_error

BOUNDS = {np.float32: 1e-5, np.float64: 1e-10}
FIRST = [c for name, c in CASES.items() if name.endswith("-0")]


def numbers(xs: Any) -> list[Any]:
    """The arrays of what a case or `grad` gave, on the host."""
    return [x.numpy() for x in (xs if isinstance(xs, list | tuple) else [xs])]


def there(case: Case, dtype: Any) -> list[Tensor]:
    """The inputs of the case as leaves on the GPU."""
    return [Tensor(a, requires_grad=True, dtype=dtype, device="cuda") for a in case.arrays]


def close(found: Any, wanted: Any, dtype: Any) -> None:
    for a, b in zip(numbers(found), numbers(wanted), strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert relative_error(a, b) <= BOUNDS[dtype]


def compare(case: Case, dtype: Any, create_graph: bool = False) -> None:
    host, device = case.leaves(dtype), there(case, dtype)
    expected, result = case(*host), case(*device)
    assert result.device == "cuda"
    close(result, expected, dtype)
    seed = np.random.default_rng(5).standard_normal(expected.shape).astype(dtype)
    first = grad(expected, host, create_graph, seed=seed)
    there_first = grad(result, device, create_graph, seed=seed)
    close(there_first, first, dtype)
    if create_graph and any(g.node for g in first):
        close(grad(weighted(there_first), device), grad(weighted(first), host), dtype)


def weighted(gradients: list[Tensor]) -> Tensor:
    """Σ w ⊙ g, for weights that are the same every time."""
    rng = np.random.default_rng(9)
    parts = [(g * Tensor(rng.standard_normal(g.shape), device=g.device)).sum() for g in gradients]
    return ops.stack(parts).sum()


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_values_and_gradients_in_float64(case):
    compare(case, np.float64)


@pytest.mark.parametrize("case", FIRST, ids=[c.name for c in FIRST])
def test_values_and_gradients_in_float32(case):
    compare(case, np.float32)


@pytest.mark.parametrize("case", FIRST, ids=[c.name for c in FIRST])
def test_gradients_of_gradients(case):
    compare(case, np.float64, create_graph=True)


def test_every_op_has_a_launcher():
    from minigrad.cuda.table import LAUNCHERS

    assert set(ops.TABLE) <= set(LAUNCHERS)
