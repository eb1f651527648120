"""What has happened so far in a training run, as a picture."""

from __future__ import annotations

import math
import time
from collections import deque

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.text import Text

from cli.lab.events import Event
from cli.lab.figures import Plot, curve
from cli.lab.runs.record import Record
from cli.lab.settings import Settings
from cli.lab.stopping import Stop
from cli.lab.texts import Prepared
from cli.render.plots import plot

WIDEST = 84
_HEIGHT = 7
Points = list[tuple[int, float]]


class View:
    """Takes events and draws: the title, a bar, curves once there are two points, gradient and speed, a sample."""

    def __init__(
        self,
        settings: Settings,
        text: Prepared,
        updates: int | None,
        record: Record,
        counted: float | None,
        stop: Stop,
    ):
        self.kind = text.vocab.kind
        self.title = f"{text.corpus.name} · {settings.network}"
        self.updates, self.minutes, self.epochs = updates, settings.minutes, settings.epochs
        self.clip, self.counted, self.stop = settings.clip, counted, stop
        self.started, self.first, self.seconds = time.perf_counter(), record.step, record.seconds
        self.step, self.clipped, self.gradient = record.step, 0, 0.0
        self.curves: dict[str, Points] = {"training": [], "development": [], "held-out": []}
        self.speeds: deque[float] = deque(maxlen=200)
        self.sample = ""
        self._drawn: tuple[tuple[int, int], RenderableType] | None = None

    @property
    def measured(self) -> int:
        """How many measurements there have been."""
        return len(self.curves["training"])

    def take(self, event: Event) -> None:
        """Add an event."""
        if event.event == "step":
            self.step, self.gradient = event.step, event.grad_norm or 0.0
            self.clipped += self.clip is not None and self.gradient > self.clip
            self.speeds.append(event.tokens_per_second or 0.0)
        elif event.event == "epoch":
            values = event.train_perplexity, event.development_perplexity, event.held_out_perplexity
            for points, value in zip(self.curves.values(), values, strict=True):
                if value is not None and math.isfinite(value):
                    points.append((event.step, value))
        elif event.event == "sample":
            self.sample = " ".join((event.text or "").split())

    def draw(self, width: int) -> RenderableType:
        """The run at this moment."""
        total, done = self._extent()
        bar = ProgressBar(total=total, completed=done, width=width - 2, style="quiet", complete_style="bar")
        parts: list[RenderableType] = [Text(f"{self.title} · {self.status()}"), bar]
        if self.measured > 1:
            parts += [Text(), self._picture(width - 2), Text()]
        if self.measured:
            parts.append(Text(self.scores(), style="title"))
        parts.append(Text(self.pace(), style="quiet"))
        if self.sample:
            parts += [Text(), Text(f"“{self.sample}”", style="quiet")]
        if self.stop:
            parts += [Text(), Text("finishing the step, then saving; Ctrl-C again stops at once")]
        return Padding(Group(*parts), (1, 1))

    def _extent(self) -> tuple[float, float]:
        if self.updates is not None:
            return self.updates, min(self.step, self.updates)
        return 60 * (self.minutes or 1.0), self.seconds + time.perf_counter() - self.started

    def status(self) -> str:
        """Step of how many, and how long it will take."""
        if self.updates is None:
            total, done = self._extent()
            return f"step {self.step:,} · {duration(max(total - done, 0))} left"
        elapsed = time.perf_counter() - self.started
        left = elapsed / max(self.step - self.first, 1) * max(self.updates - self.step, 0)
        about = "about " if self.epochs is not None else ""
        return f"step {self.step:,} of {about}{self.updates:,} · {duration(left)} left"

    def scores(self) -> str:
        """The latest perplexities."""
        found = [f"{name} {points[-1][1]:.2f}" for name, points in self.curves.items() if points]
        if found and self.counted is not None:
            found.append(f"Kneser–Ney {self.counted:.2f}")
        return "  ".join(["perplexity", *found]) if found else ""

    def pace(self) -> str:
        """Gradient and speed."""
        speed = sorted(self.speeds)[len(self.speeds) // 2] if self.speeds else 0
        share = self.clipped / max(self.step - self.first, 1)
        clipped = "" if self.clip is None else f", clipped in {share:.0%} of steps"
        return f"gradient {self.gradient:.2f}{clipped}   {speed:,.0f} {self.kind}/s"

    def _picture(self, width: int) -> RenderableType:
        """The curves, drawn again only when there is something new."""
        key = (self.measured, width)
        if self._drawn is None or self._drawn[0] != key:
            curves = tuple(curve(name, *zip(*p, strict=True)) for name, p in self.curves.items() if p)
            figure = Plot("perplexity", curves, "step", log=True)
            self._drawn = key, plot(figure, min(width, WIDEST), height=_HEIGHT)
        return self._drawn[1]


def duration(seconds: float) -> str:
    """Seconds up to a minute and a half, then minutes, then hours."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
