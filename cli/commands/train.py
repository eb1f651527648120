"""rnn-lab train"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import click

from cli.commands import options
from cli.commands.grouped import Grouped, settings_options
from cli.lab.flags import FLAGS


@click.command(cls=Grouped, epilog="Example: rnn-lab train --corpus the-lighthouse --cell lstm --hidden 128")
@settings_options(FLAGS)
@click.option("--preset", metavar="NAME", help="Settings of the sources, such as d2l-rnn; flags go before them.")
@click.option("--config", metavar="FILE", help="Settings from a TOML file, such as RUN/config.toml; flags go before.")
@click.option("--out", metavar="RUN", help="Folder for the run. Default: runs/CORPUS-CELL-N.")
@click.option("--resume", metavar="RUN", help="Go on with a run as if it had never stopped.")
@options.plain
@options.as_json
def command(
    plain: bool,
    as_json: bool,
    preset: str | None,
    config: str | None,
    out: str | None,
    resume: str | None,
    **flags: Any,
) -> int:
    """Train a language model on a text: of its characters, words or bytes.

    Shows perplexity on the training part and on the part held out, and keeps everything in a folder that sample,
    compare and runs read. Ctrl-C finishes the step, saves, and exits with 130; --resume goes on. A longer --epochs,
    --steps or --minutes may be given with it. A switch is undone by --no-, as in --no-tied.
    """
    from cli.lab import training
    from cli.lab.stopping import stopping

    given = {name: value for name, value in flags.items() if value is not None or name in _typed()}
    others = {"preset": preset, "config": config, "out": out}
    with stopping() as stop, _opened(resume, given, others) as opened:
        course = training.Course(opened)
        try:
            _told(course, stop, plain, as_json)
        except training.Trouble as error:
            click.echo(f"rnn-lab: {error}", err=True)
            return 1
    return stop.status


def _typed() -> set[str]:
    """The options on the command line: of some, `none` is a value."""
    context = click.get_current_context()
    return {name for name in context.params if options.given(context, name)}


def _opened(resume: str | None, given: dict[str, Any], others: dict[str, str | None]) -> AbstractContextManager[Any]:
    from cli.lab.runs.opening import begun, resumed

    if resume is not None:
        if too_many := [f"--{name}" for name, value in others.items() if value is not None]:
            said = f"--resume takes everything from the run, and {', '.join(too_many)} is given too"
            raise click.UsageError(f"{said}; leave out one of them")
        return resumed(resume, given)
    settings, text = _begin(given, others)
    return begun(settings, text, others["out"])


def _begin(given: dict[str, Any], others: dict[str, str | None]) -> tuple[Any, Any]:
    """The settings from preset, file and flags, and the text."""
    from cli.lab.config import prepared, read
    from cli.lab.settings import refuse, twice

    refuse(twice(given), "rnn-lab train")
    return prepared(given, read(others["config"]) if others["config"] else {}, others["preset"])


def _told(course: Any, stop: Any, plain: bool, as_json: bool) -> None:
    if as_json:
        _rows(course, course.events(stop))
        return
    from cli.render.console import make_console
    from cli.render.training import watch

    watch(make_console(plain), make_console(plain, stderr=True), course, stop)


def _rows(course: Any, events: Iterable[Any]) -> None:
    for event in events:
        more = course.text.describe() if event.event == "done" else {}
        options.write_json({**event.row(), **more})
        if event.event in ("note", "stopped"):
            click.echo(event.text or f"stopped; rnn-lab train --resume {event.run} goes on", err=True)
