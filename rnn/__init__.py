"""rnn: sequence models, their equations and their baselines. Knows minigrad only."""

from rnn.errors import RnnError
from rnn.layers import RNN

__all__ = ["RNN", "RnnError"]
