"""What the tests of fused kernels share: random cases over every option, and how two answers are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from layer_cases import LAYERS, parts

from minigrad import Tensor, grad
from rnn.fused.lookup import WHOLE

FUSED_LAYERS = {name: build for name, build in LAYERS.items() if name not in ("jordan", "scores")}
BOUNDS = {"float32": 1e-5, "float64": 1e-12}


def fused(name, *sizes, seed=0, **options):
    """A fused layer, in float64 where nothing else is said."""
    options = {"dtype": np.float64, "implementation": "fused"} | options
    return LAYERS[name](*sizes, rng=np.random.default_rng(seed), **options)


@dataclass(frozen=True)
class Case:
    """A layer, what it is given, and what is asked of it. `asked`: of the outputs and of each last state."""

    layer: str
    steps: int
    rows: int
    inputs: int
    units: int
    layers: int = 1
    both: bool = False
    bias: bool = True
    ids: bool = False
    lengths: tuple[int, ...] | None = None
    started: bool = True
    asked: tuple[bool, ...] = (True, True, True)
    by_input: bool = True
    seed: int = 0

    def build(self, dtype: str, implementation: str, **options: Any) -> Any:
        """The layer, with the same numbers in every precision and implementation."""
        build, rng = FUSED_LAYERS[self.layer], np.random.default_rng(self.seed)
        return build(
            self.inputs, self.units, self.layers, bidirectional=self.both, bias=self.bias, dtype=dtype, rng=rng,
            implementation=implementation, **options,
        )  # fmt: skip

    def given(self, dtype: str) -> tuple[Any, list[Tensor]]:
        """x, whose padding is NaN or an id that there is not, and the parts of the first state."""
        rng = np.random.default_rng(self.seed + 1)
        shape = (self.steps, self.rows)
        padding = None if self.lengths is None else np.arange(self.steps)[:, None] >= np.array(self.lengths)
        x: Any
        if self.ids:
            x = rng.integers(0, self.inputs, shape)
            if padding is not None:
                x[padding] = rng.choice([-7, 10**9], shape)[padding]
        else:
            scale = min(1.0, (self.units / self.inputs) ** 0.5)  # in saturated units 1 − h² is rounding alone
            x = (scale * rng.standard_normal((*shape, self.inputs))).astype(np.float32).astype(dtype)
            if padding is not None:
                x[padding] = np.nan
            x = Tensor(x, requires_grad=self.by_input)
        count = self.layers * (1 + self.both)
        first = rng.standard_normal((2, count, self.rows, self.units)).astype(np.float32).astype(dtype)
        return x, [Tensor(part, requires_grad=True) for part in first] if self.started else []

    def answers(self, dtype: str, implementation: str, **options: Any) -> dict[str, np.ndarray]:
        """Outputs, last states, and the gradients of a random function of both by all that wants one."""
        layer = self.build(dtype, implementation, **options)
        x, start = self.given(dtype)
        names = layer.cell.State._fields
        state = None if not start else start[0] if len(names) == 1 else layer.cell.State(*start)
        output, last = layer(x, state, self.lengths)
        results = dict(zip(("output", *names), (output, *parts(last)), strict=True))
        rng = np.random.default_rng(self.seed + 2)
        terms = []
        for asked, result in zip(self.asked, results.values(), strict=False):
            cotangent = rng.standard_normal(result.shape).astype(np.float32).astype(dtype)
            terms += [(result * cotangent).sum()] if asked else []
        leaves = dict(layer.named_parameters())
        leaves |= {"x": x} if isinstance(x, Tensor) and x.requires_grad else {}
        leaves |= {f"first {name}": part for name, part in zip(names, start, strict=False)}
        gradients = grad(sum(terms[1:], terms[0]), list(leaves.values()))
        results |= {f"by {name}": g for name, g in zip(leaves, gradients, strict=True)}
        assert {r.dtype for r in results.values()} == {np.dtype(dtype)}
        return {name: r.data for name, r in results.items()}


def dense_or_ids() -> Any:
    """(inputs, whether they are ids): vectors, or ids of a small vocabulary or one of which only a part is packed."""
    small, large = st.integers(1, 70), st.integers(WHOLE + 1, WHOLE + 90)
    return st.one_of(st.tuples(small, st.just(False)), st.tuples(st.one_of(small, large), st.just(True)))


@st.composite
def cases(draw: Any, name: str, most: int = 120) -> Case:
    """Any sizes from 1 to 70, so that every remainder of a register tile occurs, and several tiles of the batch.

    `most` is how many steps all layers and directions have together at most, for that is what stepwise costs.
    """
    layers, both = draw(st.integers(1, 3)), draw(st.booleans())
    steps = draw(st.integers(1, min(70, most // (layers * (1 + both)))))
    rows, units = draw(st.integers(1, 70)), draw(st.integers(1, 70))
    inputs, ids = draw(dense_or_ids())
    lengths = draw(st.none() | st.integers(0, 2**32))
    if lengths is not None:
        lengths = tuple(map(int, np.random.default_rng(lengths).integers(1, steps + 1, rows)))
    asked = draw(st.sampled_from([(True, True, True), (True, False, False), (False, True, True), (False, False, True)]))
    asked = asked if name in ("lstm", "peepholes") or any(asked[:2]) else (False, True)
    return Case(
        name, steps, rows, inputs, units, layers, both, draw(st.booleans()), ids, lengths, draw(st.booleans()), asked,
        draw(st.booleans()), draw(st.integers(0, 999)),
    )  # fmt: skip
