"""A training run as it happens: live on a terminal, a line now and then in a file; and its outcome."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.lab.events import Event
from cli.lab.stopping import Stop
from cli.lab.texts import Prepared
from cli.lab.training import Course
from cli.render import numbers
from cli.render.training_view import WIDEST, View

_QUIET_SECONDS = 10.0  # between lines where nothing is redrawn


def watch(out: Console, err: Console, course: Course, stop: Stop) -> None:
    """Show the run while it runs, on stderr, and its outcome on stdout."""
    view = View(course.settings, course.text, course.total, course.record, course.counted, stop)
    follow = _live if err.is_terminal else _lines
    end = follow(err, view, course.events(stop))
    if end is None:
        return
    if end.event == "done":
        _outcome(out, end, course)
    elif end.event == "finished":
        _finished(out, course)
    elif end.event == "stopped":
        _stopped(err, end)


def _live(err: Console, view: View, events: Iterable[Event]) -> Event | None:
    with Live(
        console=err, refresh_per_second=4, transient=True, get_renderable=lambda: view.draw(min(err.width, WIDEST))
    ):
        return _last(err, view, events)


def _lines(err: Console, view: View, events: Iterable[Event]) -> Event | None:
    def told() -> Iterator[Event]:
        spoke = view.started
        for event in events:
            yield event
            if event.event == "epoch" and (view.measured == 1 or time.perf_counter() - spoke > _QUIET_SECONDS):
                spoke = time.perf_counter()
                err.print(Text(f"{view.title} · {view.status()} · {view.scores()}"), soft_wrap=True)

    return _last(err, view, told())


def _last(err: Console, view: View, events: Iterable[Event]) -> Event | None:
    event = None
    for event in events:
        view.take(event)
        if event.event == "note":
            err.print(Padding(Text(event.text or ""), (0, 1)), width=min(err.width, WIDEST))
    return event


def _stopped(err: Console, event: Event) -> None:
    err.print(Text(f" stopped after step {event.step:,}; everything is saved"))
    err.print(Text(f" go on: rnn-lab train --resume {event.run}"), soft_wrap=True)


def _finished(out: Console, course: Course) -> None:
    run = escape(str(course.folder))
    out.print(f" {run} is finished: {course.record.step:,} updates", soft_wrap=True)
    out.print(f" [quiet]next:[/] rnn-lab compare {run}", soft_wrap=True)


def _outcome(out: Console, done: Event, course: Course) -> None:
    text = course.text
    corpus = text.corpus
    about = f"cleaning {corpus.cleaning}, vocabulary {len(text.vocab)}"
    out.print(f"\n [title]{escape(corpus.name)}[/]  [quiet]{about}[/]\n")
    out.print(_table(done, text))
    out.print(Padding(Text(f"“{' '.join((done.text or '').split())}”"), (1, 1)), width=min(out.width, WIDEST))
    for line in _remarks(done, course):
        out.print(Padding(Text(line, style="quiet"), (0, 1)), width=min(out.width, WIDEST))
    run = escape(str(done.run))
    out.print(f" [quiet]saved in[/] {run}\n\n [quiet]next:[/] rnn-lab compare {run}", soft_wrap=True)
    out.print(f" [quiet]or:[/]   rnn-lab sample {run}", soft_wrap=True)


def _table(done: Event, text: Prepared) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="quiet")
    table.add_column("")
    for name in (f"{text.unit}s", "perplexity", "bits/char"):
        table.add_column(name, justify="right")
    held_out = f"{text.held_out.size:,}", text.held_out.size / text.held_out_characters
    training = f"{text.training.size:,}", text.training.size / text.training_characters
    table.add_row("held-out", held_out[0], *_figures(done.held_out_perplexity, held_out[1]))
    if done.kneser_ney_perplexity is not None:
        counted = _figures(done.kneser_ney_perplexity, held_out[1])
        table.add_row("by counting", held_out[0], *counted, style="quiet")
    table.add_row("training", training[0], *_figures(done.train_perplexity, training[1]))
    return table


def _figures(value: float | None, tokens_per_character: float) -> tuple[str, str]:
    if value is None:
        return "–", "–"
    return numbers.perplexity(value), numbers.bits(value, tokens_per_character)


def _remarks(done: Event, course: Course) -> Iterator[str]:
    if done.reason:
        yield f"{done.step:,} updates; no held-out perplexity, and none to trust in training: {done.reason}"
    else:
        yield f"{done.step:,} updates; measured with the state carried through the whole text"
    if done.last_epoch_perplexity is not None:
        yield f"{done.last_epoch_perplexity:.2f} in the minibatches of the last pass, which books report"
    if course.development.size and done.best_step and course.record.best is not None:
        part = f"the {course.development.size:,} {course.text.unit}s set aside"
        yield f"{course.record.best:.2f} at best on {part}: step {done.best_step:,}, kept as best.safetensors"
