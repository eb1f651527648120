"""What happens in a training run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """A "step", an "epoch" (or other measurement), a "sample", a "checkpoint", a "note"; last "done" or "stopped".

    Or, last: "finished", of a run that was over already; and in the history "trouble", of one that could not go on.
    Perplexities are per token. A step's is of its minibatch, an epoch's the mean over the updates since the last
    measurement, done's of the whole training part with the final weights. `last_epoch_perplexity` is the mean over
    the minibatches of the last whole pass, which books report; `kneser_ney_perplexity` is what counting makes of the
    part held out. `reason` says why there is none held out.
    """

    event: str
    step: int
    epoch: int | None = None
    train_perplexity: float | None = None
    development_perplexity: float | None = None
    held_out_perplexity: float | None = None
    last_epoch_perplexity: float | None = None
    kneser_ney_perplexity: float | None = None
    best_step: int | None = None
    grad_norm: float | None = None
    tokens_per_second: float | None = None
    seconds: float | None = None
    text: str | None = None
    run: str | None = None
    reason: str | None = None

    def row(self) -> dict[str, Any]:
        """The event under the names that programs read; without the held-out perplexity only with its reason."""
        row = {name: value for name, value in vars(self).items() if value is not None and name != "reason"}
        if self.reason is not None:
            row |= {"held_out_perplexity": None, "held_out_perplexity_reason": self.reason}
        return row
