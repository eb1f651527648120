"""A training run as it happens: live on a terminal, a line now and then in a file; and its outcome."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.lab.figures import Plot, curve
from cli.lab.runs import Settings
from cli.lab.texts import Prepared
from cli.lab.training import Event
from cli.render import numbers
from cli.render.plots import plot

_QUIET_SECONDS = 10.0  # between lines where nothing is redrawn
_WIDEST = 84


def _network(settings: Settings) -> str:
    """lstm 128, or 2 × lstm 128."""
    return f"{f'{settings.layers} × ' if settings.layers > 1 else ''}{settings.cell} {settings.hidden}"


class View:
    """What has happened so far, as a picture."""

    def __init__(self, settings: Settings, text: Prepared, updates: int):
        self.kind = text.vocab.kind
        self.title = f"{text.corpus.name} · {_network(settings)}"
        self.updates = updates
        self.clip = settings.clip
        self.started = time.perf_counter()
        self.step, self.clipped, self.gradient = 0, 0, 0.0
        self.training: list[tuple[int, float]] = []
        self.held_out: list[tuple[int, float]] = []
        self.speeds: deque[float] = deque(maxlen=200)
        self.sample = ""

    def take(self, event: Event) -> None:
        """Add an event."""
        if event.event == "step":
            self.step, self.gradient = event.step, event.grad_norm or 0.0
            self.clipped += self.gradient > self.clip
            self.speeds.append(event.tokens_per_second or 0.0)
        elif event.event == "epoch" and event.train_perplexity and event.held_out_perplexity:
            self.training.append((event.step, event.train_perplexity))
            self.held_out.append((event.step, event.held_out_perplexity))
        elif event.event == "sample":
            self.sample = " ".join((event.text or "").split())

    def draw(self, width: int) -> RenderableType:
        """The run at this moment."""
        bar = ProgressBar(total=self.updates, completed=self.step, width=width - 2, style="quiet", complete_style="bar")
        parts: list[RenderableType] = [Text(f"{self.title} · {self.status()}"), bar]
        if self.training:
            parts += [Text(), self._curves(width - 2), Text()]
            parts.append(Text(self.scores(), style="title"))
        parts.append(Text(self.pace(), style="quiet"))
        if self.sample:
            parts += [Text(), Text(f"“{self.sample}”", style="quiet")]
        return Padding(Group(*parts), (1, 1))

    def status(self) -> str:
        """Step of how many, and how long it will take."""
        elapsed = time.perf_counter() - self.started
        left = elapsed / max(self.step, 1) * max(self.updates - self.step, 0)
        return f"step {self.step:,} of about {self.updates:,} · {_duration(left)} left"

    def scores(self) -> str:
        """The latest perplexities."""
        if not self.training:
            return ""
        return f"perplexity  training {self.training[-1][1]:.2f}  held-out {self.held_out[-1][1]:.2f}"

    def pace(self) -> str:
        """Gradient and speed."""
        speed = sorted(self.speeds)[len(self.speeds) // 2] if self.speeds else 0
        share = self.clipped / max(self.step, 1)
        return f"gradient {self.gradient:.2f}, clipped in {share:.0%} of steps   {speed:,.0f} {self.kind}/s"

    def _curves(self, width: int) -> RenderableType:
        named = (("training", self.training), ("held-out", self.held_out))
        curves = tuple(curve(name, *zip(*points, strict=True)) for name, points in named)
        return plot(Plot("perplexity", curves, "step", log=True), min(width, _WIDEST), height=7)


def watch(
    out: Console, err: Console, events: Iterable[Event], settings: Settings, text: Prepared, updates: int
) -> None:
    """Show the run while it runs, on stderr, and its outcome on stdout."""
    view = View(settings, text, updates)
    follow = _live if err.is_terminal else _lines
    try:
        done = follow(err, view, events)
    except KeyboardInterrupt:
        _interrupted(err, view)
        raise
    if done is not None:
        _outcome(out, done, text)


def _live(err: Console, view: View, events: Iterable[Event]) -> Event | None:
    with Live(
        console=err, refresh_per_second=5, transient=True, get_renderable=lambda: view.draw(min(err.width, _WIDEST))
    ):
        return _last(view, events)


def _lines(err: Console, view: View, events: Iterable[Event]) -> Event | None:
    def told() -> Iterator[Event]:
        spoke = view.started
        for event in events:
            yield event
            if event.event == "epoch" and (len(view.training) == 1 or time.perf_counter() - spoke > _QUIET_SECONDS):
                spoke = time.perf_counter()
                err.print(Text(f"{view.title} · {view.status()} · {view.scores()}"), soft_wrap=True)

    return _last(view, told())


def _last(view: View, events: Iterable[Event]) -> Event | None:
    event = None
    for event in events:
        view.take(event)
    return event


def _interrupted(err: Console, view: View) -> None:
    if view.training:
        err.print(Text(f"stopped at step {view.step:,}; the run holds the weights of step {view.training[-1][0]:,}"))


def _outcome(out: Console, done: Event, text: Prepared) -> None:
    corpus = text.corpus
    out.print(
        f"\n [title]{escape(corpus.name)}[/]  [quiet]cleaning {corpus.cleaning}, vocabulary {len(text.vocab)}[/]\n"
    )
    table = Table(box=None, padding=(0, 1), header_style="quiet")
    table.add_column("")
    for name in (f"{text.unit}s", "perplexity", "bits/char"):
        table.add_column(name, justify="right")
    for name, ids, characters, value in (
        ("held-out", text.held_out, text.held_out_characters, done.held_out_perplexity),
        ("training", text.training, text.training_characters, done.train_perplexity),
    ):
        bits = numbers.bits(value or 1.0, ids.size / characters)
        table.add_row(name, f"{ids.size:,}", numbers.perplexity(value or 0.0), bits)
    out.print(table)
    out.print(Padding(Text(f"“{' '.join((done.text or '').split())}”"), (1, 1)), width=min(out.width, _WIDEST))
    out.print(f" [quiet]{done.step:,} updates; when measuring, the state is carried through the whole text[/]")
    run = escape(str(done.run))
    out.print(f" [quiet]saved in[/] {run}\n\n [quiet]next:[/] rnn-lab compare {run}", soft_wrap=True)
    out.print(f" [quiet]or:[/]   rnn-lab sample {run}", soft_wrap=True)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
