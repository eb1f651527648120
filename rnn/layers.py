"""The recurrent layers by name: a cell, and torch's way to ask for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

from rnn.cells import Cell
from rnn.cells.elman import ElmanCell, Nonlinearity
from rnn.cells.gru import GRUCell
from rnn.cells.jordan import Feedback, JordanCell
from rnn.cells.lstm import LSTMCell, LSTMState
from rnn.errors import RnnError
from rnn.inputs import check_size
from rnn.recurrent import Options, Recurrent


class RNN(Recurrent):
    """The Elman network, h⁽ᵗ⁾ = φ(W_ih x⁽ᵗ⁾ + b_ih + W_hh h⁽ᵗ⁻¹⁾ + b_hh), φ = tanh or relu. [DLB 10.2; D2L 8.4]

    The options of `Recurrent` follow as keywords.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        nonlinearity: Nonlinearity = "tanh",
        **options: Unpack[Options],
    ):
        if nonlinearity not in ("tanh", "relu"):
            raise RnnError(f"no nonlinearity {nonlinearity!r}", "RNN", "give 'tanh' or 'relu'")
        super().__init__(ElmanCell(nonlinearity), input_size, hidden_size, num_layers, **options)


class GRU(Recurrent):
    """Gated recurrent units, gates r, z, n: torch's form, or with `reset_after=False` D2L's. [D2L 9.1]

    torch's applies r after the product, to W_hn h + b_hn; D2L's before it, to h. These are different functions.
    The options of `Recurrent` follow as keywords.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        reset_after: bool = True,
        **options: Unpack[Options],
    ):
        super().__init__(GRUCell(reset_after), input_size, hidden_size, num_layers, **options)


class LSTM(Recurrent):
    """Long short-term memory, gates i, f, g, o; its state is `LSTMState(h, c)`. [D2L 9.2]

    With `peepholes` the gates see the cell state through `weight_peephole_l0` (3H,), i and f the one before, o the
    new one. The options of `Recurrent` follow as keywords.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        peepholes: bool = False,
        **options: Unpack[Options],
    ):
        super().__init__(LSTMCell(peepholes), input_size, hidden_size, num_layers, **options)


class JordanRNN(Recurrent):
    """A network whose output is fed back: h⁽ᵗ⁾ = tanh(b + W y⁽ᵗ⁻¹⁾ + U x⁽ᵗ⁾), scores o⁽ᵗ⁾ = c + V h⁽ᵗ⁾ (T, B, O).

    y = softmax(o) with feedback "probabilities" [seed 000], y = o with "scores" [DLB 10.2, seed 001 pattern 2]; the
    state is y (layers·directions, B, O). Parameters are `weight_ih_l0` U, `weight_yh_l0` W, `weight_hy_l0` V,
    `bias_ih_l0` b and `bias_hy_l0` c. The options of `Recurrent` follow as keywords.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        num_layers: int = 1,
        *,
        feedback: Feedback = "probabilities",
        **options: Unpack[Options],
    ):
        if feedback not in ("probabilities", "scores"):
            raise RnnError(f"no feedback {feedback!r}", "JordanRNN", "give 'probabilities' or 'scores'")
        check_size("output_size", output_size, "JordanRNN")
        super().__init__(JordanCell(output_size, feedback), input_size, hidden_size, num_layers, **options)


VARIANTS: dict[str, Callable[[int], Cell]] = {
    "elman": lambda outputs: ElmanCell(),
    "relu": lambda outputs: ElmanCell("relu"),
    "jordan": lambda outputs: JordanCell(outputs),
    "output-recurrence": lambda outputs: JordanCell(outputs, "scores"),
    "gru": lambda outputs: GRUCell(reset_after=False),
    "gru-after": lambda outputs: GRUCell(),
    "lstm": lambda outputs: LSTMCell(),
    "peephole": lambda outputs: LSTMCell(peepholes=True),
}
"""The cell of each family of equations, given how many outputs its network has."""

LAYERS: dict[str, Callable[..., Recurrent]] = {"rnn": RNN, "gru": GRU, "lstm": LSTM, "jordan": JordanRNN}
"""The layers by the name that `--cell` takes; JordanRNN needs an `output_size` too."""


def detached(state: Any) -> Any:
    """The state cut from its history, whatever its form."""
    return type(state)(*map(detached, state)) if isinstance(state, LSTMState) else state.detach()
