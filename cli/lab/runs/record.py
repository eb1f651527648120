"""What a run knows about itself besides its weights; saved with each checkpoint."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

from cli.lab.settings import Settings


@dataclass
class Record:
    """Where a run is, in steps, passes and seconds of training, and how well it did.

    `losses` of `updates` steps have been added up since the last measurement, `pass_losses` of `pass_updates` in this
    pass; `pass_perplexity` is that of the last whole one. `best` is the lowest perplexity measured, at `best_step`,
    and `waited` the number of measurements since. `samples` is how many samples have been shown.
    """

    step: int = 0
    epoch: int = 0
    seconds: float = 0.0
    pass_over: bool = False
    losses: float = 0.0
    updates: int = 0
    pass_losses: float = 0.0
    pass_updates: int = 0
    pass_perplexity: float | None = None
    best: float | None = None
    best_step: int = 0
    waited: int = 0
    samples: int = 0

    def take(self, step: int, epoch: int, loss: float, pass_over: bool) -> None:
        """Another update."""
        if epoch != self.epoch:
            self.pass_losses, self.pass_updates = 0.0, 0
        self.step, self.epoch, self.pass_over = step, epoch, pass_over
        self.losses, self.updates = self.losses + loss, self.updates + 1
        self.pass_losses, self.pass_updates = self.pass_losses + loss, self.pass_updates + 1
        if pass_over:
            self.pass_perplexity = _exp(self.pass_losses / self.pass_updates)

    @property
    def train_perplexity(self) -> float:
        """Of the minibatches since the last measurement."""
        return _exp(self.losses / max(self.updates, 1))

    def measured(self, value: float) -> bool:
        """Whether a measured perplexity is the best so far; the losses begin anew."""
        self.losses, self.updates = 0.0, 0
        better = self.best is None or value < self.best
        self.waited = 0 if better else self.waited + 1
        if better:
            self.best, self.best_step = value, self.step
        return better

    def due(self, settings: Settings) -> bool:
        """Whether it is time to measure: a pass is over, or so many steps are."""
        every = settings.evaluate_every
        return self.pass_over if every is None else every > 0 and self.step % every == 0

    def over(self, settings: Settings) -> bool:
        """Whether the run is as long as it should be, or has waited long enough for a better measurement."""
        ended = self.epoch > (settings.epochs or 0) or (self.epoch == settings.epochs and self.pass_over)
        return (
            (settings.epochs is not None and ended)
            or (settings.steps is not None and self.step >= settings.steps)
            or (settings.minutes is not None and self.seconds >= 60 * settings.minutes)
            or (settings.patience is not None and self.waited >= settings.patience)
        )

    def written(self) -> str:
        """As JSON, every number exactly."""
        return json.dumps(asdict(self))


def read(text: str) -> Record:
    """What `written` wrote."""
    return Record(**json.loads(text))


def _exp(nats: float) -> float:
    return math.exp(nats) if nats < 700 else math.inf
