"""Recurrent layers, any number and in one direction or both: what a layer knows whatever its cell."""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np

from minigrad import Tensor, stack
from minigrad.devices import DEVICES, check_device
from minigrad.graph import Array
from minigrad.init import Initialiser, uniform
from minigrad.nn import Dropout, Module, Parameter
from rnn.cells import Cell
from rnn.errors import RnnError
from rnn.fused import FUSED
from rnn.inputs import Lengths, arrange, arrange_lengths, arrange_state, check_ids, check_size
from rnn.sequence import Implementation, run
from rnn.stepwise import Input


class Options(TypedDict, total=False):
    """What every recurrent layer can be given besides its sizes; see `Recurrent`."""

    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    gradient_checkpointing: bool
    dtype: Any
    device: str
    rng: np.random.Generator | None
    init: Initialiser | None
    implementation: Implementation


class Recurrent(Module):
    """Layers of one cell above each other, each in one direction or both; under torch's names and layouts.

    Layer l > 0 reads what layer l − 1 gives: H features, or with both directions 2H, the forward ones first. Its
    parameters are `weight_ih_l0` (G·H, I), `weight_hh_l0` (G·H, H), `bias_ih_l0` and `bias_hh_l0` (G·H,), with
    `_reverse` behind for the second direction, all U(±1/√H); with `init` the weights are drawn by it and the biases
    start at 0. `dropout` acts between layers, in training. "stepwise" runs the cell's step op by op, "fused" one
    compiled kernel over the sequence; both give the same answer, and "auto" takes a kernel where there is one.
    `gradient_checkpointing` keeps every √T-th state for backward and computes those between again. On the device "cuda"
    the numbers drawn are the same, inputs and states must lie there too, and outputs do; ids may also be NumPy's.
    [DLB 10.2, 10.3, 10.5; D2L 8.4, 9.3, 9.4]
    """

    weight_ih_l0: Parameter
    weight_hh_l0: Parameter
    bias_ih_l0: Parameter | None
    bias_hh_l0: Parameter | None

    def __init__(
        self,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        gradient_checkpointing: bool = False,
        dtype: Any = np.float32,
        device: str = "cpu",
        rng: np.random.Generator | None = None,
        init: Initialiser | None = None,
        implementation: Implementation = "auto",
    ):
        self._refuse(cell, implementation, device, dropout, np.dtype(dtype), num_layers=num_layers,
                     input_size=input_size, hidden_size=hidden_size)  # fmt: skip
        self.cell, self.input_size, self.hidden_size, self.num_layers = cell, input_size, hidden_size, num_layers
        self.batch_first, self.bidirectional = batch_first, bidirectional
        self.gradient_checkpointing, self.implementation = gradient_checkpointing, implementation
        self.dtype = np.dtype(dtype)
        *self.state_sizes, width = cell.widths(hidden_size)
        self.output_size = width * (2 if bidirectional else 1)
        rng = rng or np.random.default_rng()
        for layer in range(num_layers):
            for suffix in self._suffixes(layer):
                shapes = cell.parameters(self.output_size if layer else input_size, hidden_size)
                for name, shape in shapes.items():
                    vars(self)[name + suffix] = self._parameter(name, shape, bias, init, rng)
        self.between = Dropout(dropout, rng=rng.spawn(1)[0]) if dropout else None
        self.to(device)

    def __call__(self, x: Any, state: Any = None, lengths: Lengths | None = None) -> tuple[Tensor, Any]:
        """All outputs of the last layer (T, B, H·directions) and the last state of every layer and direction.

        x is (T, B, I), or (T, I) for one sequence; an *integer* x, (T, B) or (T,), stands for one-hot vectors,
        which are never built. With `batch_first` x and the output are (B, T, ·). A state is
        (layers·directions, B, H) always, or (layers·directions, H) for one sequence; that of an LSTM is
        `LSTMState(h, c)`. Row b of a batch ends after lengths[b] steps, from 1 to T: later outputs are zero, later
        inputs are not read, and its last state is that after its last step, where the second direction starts.
        """
        where = type(self).__name__
        x, form = arrange(x, self.input_size, self.dtype, self.batch_first, where)
        steps, rows = x.shape[:2]
        ends = None if lengths is None else arrange_lengths(lengths, steps, rows, where)
        if not isinstance(x, Tensor):
            check_ids(x, None if ends is None else np.arange(steps)[:, None] < ends, self.input_size, where)
        output, last = self._layers(x, self._initial(state, rows, form.single), ends)
        parts = [stack(part) if len(part) > 1 else part[0].expand_dims(0) for part in zip(*last, strict=True)]
        if form.single:
            parts = [part.reshape(len(last), -1) for part in parts]
        return form.outward(output), parts[0] if len(parts) == 1 else self.cell.State(*parts)

    def weights(self, layer: int = 0, direction: int = 0) -> dict[str, Parameter | None]:
        """The parameters of one layer and direction, by their names without suffix; None for biases it lacks."""
        suffix = self._suffixes(layer)[direction]
        return {name: vars(self)[name + suffix] for name in self.cell.parameters(1, 1)}

    def _layers(self, x: Input, states: list[Any], ends: Array | None) -> tuple[Tensor, list[Any]]:
        last: list[Any] = []
        for layer in range(self.num_layers):
            if layer and self.between is not None:
                assert isinstance(x, Tensor)  # ids are read by the first layer only
                x = self.between(x)
            directions = len(self._suffixes(layer))
            x, after = run(
                self.cell,
                [self.weights(layer, d) for d in range(directions)],
                x,
                states[len(last) : len(last) + directions],
                ends,
                fused=self.fused,
                gradient_checkpointing=self.gradient_checkpointing,
            )
            last += after
        assert isinstance(x, Tensor)
        return x, last

    @property
    def device(self) -> str:
        """Where its parameters lie."""
        return self.weight_ih_l0.device

    @property
    def fused(self) -> bool:
        """Whether a kernel does the work."""
        return self.implementation != "stepwise" and without_kernel(self.cell, self.dtype) is None

    def _initial(self, state: Any, rows: int, single: bool) -> list[Any]:
        """The state of each layer and direction, its parts (B, ·)."""
        count = self.num_layers * len(self._suffixes(0))
        if state is None:
            sizes = ((rows, n) for n in self.state_sizes)
            zeros = self.cell.State(*(Tensor(np.zeros(size, self.dtype), device=self.device) for size in sizes))
            return [zeros] * count
        shapes = [(count, n) if single else (count, rows, n) for n in self.state_sizes]
        parts = arrange_state(state, self.cell.State._fields, shapes, self.dtype, type(self).__name__)
        each = zip(*(part.reshape(count, rows, -1).unstack() for part in parts), strict=True)
        return [self.cell.State(*one) for one in each]

    def _suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"] if self.bidirectional else [f"_l{layer}"]

    def _parameter(
        self, name: str, shape: tuple[int, ...], bias: bool, init: Initialiser | None, rng: np.random.Generator
    ) -> Parameter | None:
        if name.startswith("bias") and not bias:
            return None
        if init is None:
            return Parameter(uniform(1 / np.sqrt(self.hidden_size))(rng, shape), self.dtype)
        return Parameter(init(rng, shape) if len(shape) > 1 else np.zeros(shape), self.dtype)

    def _refuse(
        self, cell: Cell, implementation: str, device: str, dropout: float, dtype: np.dtype[Any], **sizes: int
    ) -> None:
        where = type(self).__name__
        for name, size in sizes.items():
            check_size(name, size, where)
        if not 0 <= dropout < 1:
            raise RnnError(f"dropout is {dropout}", where, "give a probability from 0 to below 1")
        if implementation not in ("auto", "fused", "stepwise"):
            raise RnnError(f"no implementation {implementation!r}", where, "give 'auto', 'fused' or 'stepwise'")
        if implementation == "fused" and (reason := without_kernel(cell, dtype)):
            raise RnnError(reason, where, "give 'auto' or 'stepwise'")
        if device not in DEVICES:
            raise RnnError(f"no device {device!r}", where, "give 'cpu' or 'cuda'")
        check_device(device, where)


def without_kernel(cell: Cell, dtype: np.dtype[Any]) -> str | None:
    """Why no kernel computes this cell in this precision; None if one does."""
    if cell.family not in FUSED:
        return f"{cell.family} has no fused kernel"
    if dtype not in (np.float32, np.float64):
        return f"no fused kernel computes in {dtype}"
    return None
