"""What the tests of fused layers on a GPU share: a layer's answers, wherever it lies, and plans of any division."""

from __future__ import annotations

from typing import Any

import numpy as np
from layer_cases import LAYERS, parts

from minigrad import Tensor, grad, relative_error

FAMILIES = [name for name in LAYERS if name not in ("jordan", "scores")]
BOUNDS = {"float32": 1e-5, "float64": 1e-10}


def answers(
    name: str, sizes: tuple[int, int], x: Any, lengths: Any = None, *, device: str, started: bool = True, **options: Any
) -> dict[str, Any]:
    """Output, last states and the gradients of a random function of both by everything, as NumPy's arrays."""
    layer = LAYERS[name](*sizes, rng=np.random.default_rng(0), device=device, **options)
    dtype, rng = layer.dtype, np.random.default_rng(1)
    rows, directions = x.shape[1], 1 + layer.bidirectional
    shapes = [(layer.num_layers * directions, rows, n) for n in layer.state_sizes]
    start = [Tensor(rng.standard_normal(s), True, dtype, device) for s in shapes] if started else []
    state = None if not start else start[0] if len(start) == 1 else layer.cell.State(*start)
    given = x if x.dtype.kind in "iu" else Tensor(x, True, dtype, device)
    output, last = layer(given, state, lengths)
    results = dict(zip(("output", *layer.cell.State._fields), (output, *parts(last)), strict=True))
    loss = sum((r * Tensor(rng.standard_normal(r.shape), dtype=dtype, device=device)).sum() for r in results.values())
    leaves = dict(layer.named_parameters()) | {f"first {k}": part for k, part in enumerate(start)}
    leaves |= {"x": given} if isinstance(given, Tensor) else {}
    results |= {f"by {n}": g for n, g in zip(leaves, grad(loss, list(leaves.values())), strict=True)}
    assert {r.device for r in results.values()} == {device}
    return {key: r.numpy() for key, r in results.items()}


def check(name: str, sizes: tuple[int, int], x: Any, lengths: Any = None, **options: Any) -> None:
    """The answers on the GPU are the CPU's."""
    ours, theirs = (answers(name, sizes, x, lengths, device=device, **options) for device in ("cuda", "cpu"))
    bound = BOUNDS[np.dtype(options.get("dtype", np.float32)).name]
    wrong = {key: e for key in theirs if not (e := relative_error(ours[key], theirs[key])) <= bound}
    assert not wrong
    assert ours.keys() == theirs.keys()


def vectors(*shape: int) -> Any:
    """Real inputs."""
    return np.random.default_rng(2).standard_normal(shape)


def ids(vocabulary: int, *shape: int) -> Any:
    """Integers, of which the greatest occurs."""
    found = np.random.default_rng(3).integers(0, vocabulary, shape)
    found.flat[0] = vocabulary - 1
    return found


def divided(own: int, *, threads: int, resident: bool = True, apart: bool = True, most: int = 64) -> Any:
    """In the place of `planned`: parts of that many units, each stage a launch of its own unless they may wait.

    `most` blocks at most; with fewer than it would take, a group of rows has several tiles.
    """

    from rnn.fused.cuda import plan  # imports numba.cuda, which need not be there for what does not use it

    def planned(work: Any) -> Any:
        made = plan.divided(work, own, threads, most)
        assert made.parts > 1
        return made._replace(resident=resident, apart=apart)

    return planned
