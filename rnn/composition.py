"""Layers made of layers: above each other, or one for each direction in time. Cells and sizes may differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np

from minigrad import Tensor, concat
from minigrad.nn import Dropout, Module
from rnn.errors import RnnError
from rnn.inputs import Lengths, arrange, arrange_lengths
from rnn.stepwise import reverse


class Layer(Protocol):
    """What can be composed: `Recurrent` and its kinds, `Stack`, `Bidirectional`, or a layer of one's own."""

    @property
    def input_size(self) -> int:
        """How many features it reads."""

    @property
    def output_size(self) -> int:
        """How many features it gives."""

    @property
    def batch_first(self) -> bool:
        """Whether its axes are (B, T, ·)."""

    @property
    def bidirectional(self) -> bool:
        """Whether an output depends on later inputs."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its parameters, its input and its output."""

    def __call__(self, x: Any, state: Any = None, lengths: Lengths | None = None) -> tuple[Tensor, Any]:
        """All outputs and the last state, as `Recurrent` gives them."""


class Directions(NamedTuple):
    """The states of the layer that reads forwards in time and of the one that reads backwards."""

    forward: Any
    backward: Any


class Stack(Module):
    """Layers above each other: each reads what the one below gives, h⁽ˡ,ᵗ⁾ from h⁽ˡ⁻¹,ᵗ⁾. [D2L 9.3; DLB 10.5]

    `dropout` acts on what passes from layer to layer, in training; `rng` draws it. All layers are time-major and of
    one dtype, and each reads as many features as the one below gives; RnnError otherwise.
    """

    batch_first = False

    def __init__(self, layers: Sequence[Layer], dropout: float = 0.0, rng: np.random.Generator | None = None):
        self.layers = list(layers)
        self._refuse(dropout)
        self.input_size, self.output_size = self.layers[0].input_size, self.layers[-1].output_size
        self.dtype = self.layers[0].dtype
        self.bidirectional = any(layer.bidirectional for layer in self.layers)
        self.between = Dropout(dropout, rng=rng) if dropout else None

    def __call__(self, x: Any, state: Any = None, lengths: Lengths | None = None) -> tuple[Tensor, tuple[Any, ...]]:
        """All outputs of the last layer (T, B, output_size), and a tuple with the last state of each layer.

        x, of the lowest layer, and `lengths` are as for `Recurrent`. A state is such a tuple; None in it, or for it,
        stands for zeros. Errors name the layer they are about.
        """
        last: list[Any] = []
        for k, (layer, start) in enumerate(zip(self.layers, self._initial(state), strict=True)):
            if k and self.between is not None:
                x = self.between(x)
            with _within(f"Stack, layers.{k}"):
                x, after = layer(x, start, lengths)
            last.append(after)
        return x, tuple(last)

    def _refuse(self, dropout: float) -> None:
        if not self.layers:
            raise RnnError("there are no layers", "Stack", "give at least one")
        if not 0 <= dropout < 1:
            raise RnnError(f"dropout is {dropout}", "Stack", "give a probability from 0 to below 1")
        _refuse_unlike({f"layers.{k}": layer for k, layer in enumerate(self.layers)}, "Stack")
        for k, (below, above) in enumerate(pairwise(self.layers)):
            if below.output_size != above.input_size:
                what = f"layers.{k} gives {below.output_size} features, layers.{k + 1} reads {above.input_size}"
                raise RnnError(what, "Stack", f"give layers.{k + 1} an input size of {below.output_size}")

    def _initial(self, state: Any) -> tuple[Any, ...]:
        count = len(self.layers)
        if state is None:
            return (None,) * count
        if type(state) is not tuple or len(state) != count:  # a named tuple is the state of something else
            given = f"{len(state)} states" if type(state) is tuple else f"of type {type(state).__name__}"
            raise RnnError(f"the state is {given}", "Stack", f"give a tuple of {count}, a state for each layer")
        return state


class Bidirectional(Module):
    """One layer reads the sequence forwards in time, the other backwards: [h⁽ᵗ⁾, g⁽ᵗ⁾]. [D2L 9.4; DLB 10.3]

    h⁽ᵗ⁾ knows x⁽¹⁾ … x⁽ᵗ⁾, g⁽ᵗ⁾ knows x⁽ᵗ⁾ … x⁽τ⁾; the output has the features of `forward` first. Both are
    time-major, read the same features, have one dtype, and read in one direction each; RnnError otherwise.
    """

    batch_first = False
    bidirectional = True

    def __init__(self, forward: Layer, backward: Layer):
        named = {"forward": forward, "backward": backward}
        _refuse_unlike(named, "Bidirectional")
        for name, layer in named.items():
            if layer.bidirectional:
                raise RnnError(f"{name} reads both ways itself", "Bidirectional", "give a layer of one direction")
        if forward.input_size != backward.input_size:
            what = f"forward reads {forward.input_size} features, backward {backward.input_size}"
            raise RnnError(what, "Bidirectional", "give both one input size")
        self.forward, self.backward = forward, backward
        self.input_size, self.output_size = forward.input_size, forward.output_size + backward.output_size
        self.dtype = forward.dtype

    def __call__(self, x: Any, state: Any = None, lengths: Lengths | None = None) -> tuple[Tensor, Directions]:
        """All outputs (T, B, output_size) and the last states, that of `backward` after it has read the first step.

        x and `lengths` are as for `Recurrent`: `backward` begins at each row's own last step. A state is
        `Directions(forward, backward)`; None in it, or for it, stands for zeros.
        """
        x, form = arrange(x, self.input_size, self.dtype, False, "Bidirectional")
        ends = None if lengths is None else arrange_lengths(lengths, x.shape[0], x.shape[1], "Bidirectional")
        start = self._initial(state)

        def read(name: str, layer: Layer, x: Any, state: Any) -> tuple[Tensor, Any]:
            with _within(f"Bidirectional, {name}"):
                output, last = layer(x.reshape(-1, *x.shape[2:]) if form.single else x, state, ends)
            return form.inward(output), last

        ahead, first = read("forward", self.forward, x, start.forward)
        back, second = read("backward", self.backward, reverse(x, ends), start.backward)
        return form.outward(concat([ahead, reverse(back, ends)], axis=-1)), Directions(first, second)

    def _initial(self, state: Any) -> Directions:
        if state is None:
            return Directions(None, None)
        if not isinstance(state, Directions):
            what = f"the state is of type {type(state).__name__}"
            raise RnnError(what, "Bidirectional", "give Directions(forward, backward), a state for each")
        return state


def _refuse_unlike(named: dict[str, Layer], where: str) -> None:
    first = next(iter(named.values()))
    for name, layer in named.items():
        if layer.batch_first:
            raise RnnError(f"{name} has batch_first", where, "give time-major layers, (T, B, ·)")
        if layer.dtype != first.dtype:
            raise RnnError(f"{name} is {layer.dtype}, another part {first.dtype}", where, "give all one dtype")


@contextmanager
def _within(place: str) -> Iterator[None]:
    """Put the place before the `where` of an error."""
    try:
        yield
    except RnnError as error:
        raise RnnError(error.what, f"{place}: {error.where}", error.remedy) from None
