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
@click.option("--first", type=_AT_LEAST_1, help="Train on so many tokens, the first of the training part.")
@click.option("--std", type=options.Positive(), help="Draw weights from N(0, STD²), biases 0. Default: ±1/√hidden.")
@click.option("--preset", metavar="NAME", help="Settings of the books, such as d2l-rnn; flags given go before them.")
@click.option("--evaluate-every", type=_AT_LEAST_1, help="Updates between evaluations. Default: an epoch.")
@click.option("--out", metavar="RUN", help="Folder for the run. Default: runs/CORPUS-CELL-N.")
@options.seed
@options.plain
@options.as_json
@click.pass_context
def command(context: click.Context, /, plain: bool, as_json: bool, preset: str | None, **flags: Any) -> int:
    """Train a language model on a text: of its characters, words or bytes.

    Shows perplexity on the training part and on the part held out, and saves the run in a folder that sample and
    compare read.
    """
    from cli.lab import training
    from cli.lab.presets import completed
    from cli.lab.runs import fresh_folder
    from cli.lab.texts import prepare

    flags = completed(preset, {name: flags[name] for name in flags if options.given(context, name)}, flags)
    out, every = flags.pop("out"), flags.pop("evaluate_every")
    corpus, clean, tokens, split, first = (flags.pop(k) for k in ("corpus", "clean", "tokens", "split", "first"))
    text = prepare(corpus, clean=clean, tokens=tokens, fraction=split, first=first)
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
    cut = {"cleaning": about.cleaning, "tokens": about.tokens, "split": text.fraction}
    return Settings(corpus=text.origin, **cut, sha256=about.sha256, **flags)
