"""rnn: sequence models, their equations and their baselines. Knows minigrad only."""

from rnn.cells.lstm import LSTMState
from rnn.errors import RnnError
from rnn.layers import GRU, LSTM, RNN, JordanRNN
from rnn.recurrent import Recurrent

__all__ = ["GRU", "LSTM", "RNN", "JordanRNN", "LSTMState", "Recurrent", "RnnError"]
