"""What counting makes of a text: the perplexity that a network should be seen beside."""

from __future__ import annotations

from cli.lab.texts import Prepared
from rnn.baselines import NGram
from rnn.metrics import perplexity

ORDER, SMOOTHING = 6, "kneser-ney"
_LONGEST = 3_000_000  # tokens: counting more takes more than a second or two


def counted(text: Prepared) -> float | None:
    """The held-out perplexity of a Kneser–Ney 6-gram of the training part; None for a text too long or too short."""
    if not ORDER <= text.training.size <= _LONGEST:
        return None
    model = NGram(ORDER, SMOOTHING).fit(text.training, vocabulary=len(text.vocab))
    return perplexity(-float(model.log_probs(text.held_out).mean()))
