"""rnn: sequence models, their equations and their baselines. Knows minigrad only."""

from rnn.cells.lstm import LSTMState
from rnn.composition import Bidirectional, Directions, Stack
from rnn.errors import RnnError
from rnn.layers import GRU, LSTM, RNN, JordanRNN
from rnn.recurrent import Recurrent
from rnn.truncation import truncated_bptt

__all__ = [
    "GRU", "LSTM", "RNN", "Bidirectional", "Directions", "JordanRNN", "LSTMState", "Recurrent", "RnnError", "Stack",
    "truncated_bptt",
]  # fmt: skip
