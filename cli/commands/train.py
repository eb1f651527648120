"""rnn-lab train"""

from __future__ import annotations

from typing import Any

import click

from cli.commands import options

_AT_LEAST_1 = click.IntRange(min=1)


@click.command(epilog="Example: rnn-lab train --corpus the-lighthouse --cell lstm --hidden 128")
@options.text_options
@click.option("--cell", default="rnn", show_default=True, help="The recurrent cell: rnn, gru or lstm.")
@click.option("--hidden", default=128, show_default=True, type=_AT_LEAST_1, help="Hidden units of a layer.")
@click.option("--layers", default=1, show_default=True, type=_AT_LEAST_1, help="Recurrent layers.")
@click.option("--batch", default=32, show_default=True, type=_AT_LEAST_1, help="Sequences in a minibatch.")
@click.option("--window", default=35, show_default=True, type=_AT_LEAST_1, help="Steps that a gradient goes back.")
@click.option("--epochs", type=_AT_LEAST_1, help="Passes over the training part. Default: 30.")
@click.option("--steps", type=_AT_LEAST_1, help="Updates, in place of epochs.")
@click.option("--lr", default=3e-3, show_default=True, type=options.Positive(), help="Learning rate.")
@click.option("--clip", default=1.0, show_default=True, type=options.Positive(), help="Largest gradient norm.")
@click.option("--optimizer", default="adam", show_default=True, type=click.Choice(["adam", "sgd"]))
@click.option("--sampling", default="sequential", show_default=True, type=click.Choice(["sequential", "random"]))
@click.option("--dtype", default="float32", show_default=True, type=click.Choice(["float32", "float64"]))
@click.option("--evaluate-every", type=_AT_LEAST_1, help="Updates between evaluations. Default: an epoch.")
@click.option("--out", metavar="RUN", help="Folder for the run. Default: runs/CORPUS-CELL-N.")
@options.seed
@options.plain
@options.as_json
def command(
    corpus: str | None, clean: str | None, split: float | None, plain: bool, as_json: bool, **flags: Any
) -> int:
    """Train a character model on a text.

    Shows perplexity on the training part and on the part held out, and saves the run in a folder that sample and
    compare read.
    """
    from cli.lab import training
    from cli.lab.runs import fresh_folder
    from cli.lab.texts import prepare

    out, every = flags.pop("out"), flags.pop("evaluate_every")
    text = prepare(corpus, clean=clean, fraction=split)
    settings = _settings(text, flags)
    folder = fresh_folder(out, settings)
    events = training.run(settings, text, folder, evaluate_every=every)
    if as_json:
        for event in events:
            more = text.describe() if event.event == "done" else {}
            options.write_json({**event.row(), **more})
        return 0
    from cli.render.console import make_console
    from cli.render.training import watch

    watch(
        make_console(plain), make_console(plain, stderr=True), events, settings, text, training.updates(settings, text)
    )
    return 0


def _settings(text: Any, flags: dict[str, Any]) -> Any:
    from cli.lab.runs import Settings

    if flags["epochs"] is not None and flags["steps"] is not None:
        raise click.UsageError("--epochs and --steps are both given; give one of them")
    if flags["epochs"] is None and flags["steps"] is None:
        flags["epochs"] = 30
    about = text.corpus
    return Settings(corpus=text.origin, cleaning=about.cleaning, split=text.fraction, sha256=about.sha256, **flags)
