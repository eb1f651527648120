"""Models that count, against which every network is measured [D2L 8.3]."""

from rnn.baselines.arpa import Arpa, read_arpa, write_arpa
from rnn.baselines.backoff import Backoff
from rnn.baselines.hmm import HMM
from rnn.baselines.hmm_training import baum_welch
from rnn.baselines.markov import MarkovChain
from rnn.baselines.ngram import NGram
from rnn.baselines.ngram_file import load_ngram, save_ngram
from rnn.baselines.smoothing import SMOOTHINGS
from rnn.baselines.uniform import Uniform
from rnn.baselines.zipf import rank_frequency

__all__ = [
    "HMM", "SMOOTHINGS", "Arpa", "Backoff", "MarkovChain", "NGram", "Uniform", "baum_welch", "load_ngram",
    "rank_frequency", "read_arpa", "save_ngram", "write_arpa",
]  # fmt: skip
