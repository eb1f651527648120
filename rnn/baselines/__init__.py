"""Models that count, against which every network is measured [D2L 8.3]."""

from rnn.baselines.ngram import NGram
from rnn.baselines.smoothing import SMOOTHINGS
from rnn.baselines.uniform import Uniform

__all__ = ["SMOOTHINGS", "NGram", "Uniform"]
