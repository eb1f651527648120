"""rnn-lab compare"""

from __future__ import annotations

from typing import Any

import click

from cli.commands import options


class _Compare(click.Command):
    """Its help ends with the smoothings that there are, which are looked up only then."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from rnn.baselines import SMOOTHINGS

        formatter.write_paragraph()
        formatter.write_text(f"Smoothings: {', '.join(SMOOTHINGS)}.")
        super().format_epilog(ctx, formatter)


@click.command(cls=_Compare, epilog="Example: rnn-lab compare runs/the-lighthouse-rnn-1 --orders 2-6")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@options.text_options
@click.option("--orders", default="1-6", show_default=True, help="Of the n-grams: 3, or a range.")
@click.option(
    "--smoothing", "smoothings", multiple=True, metavar="NAME",
    help="Of the n-grams; give it again for more. Default: all that give probabilities.",
)  # fmt: skip
@click.option("--epsilon", type=float, help="What lidstone and the d2l forms add. Default: chosen for each model.")
@click.option("--every", is_flag=True, help="A row for every order of every smoothing.")
@click.option("--text", metavar="TEXT", help="Show how probable each token of this text is to each model.")
@options.seed
@options.plain
@options.as_json
def command(
    runs: tuple[str, ...],
    split: float | None,
    every: bool,
    seed: int,
    plain: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Put networks and counting models side by side.

    Each RUN is the folder of a trained model. All are measured on the same held-out text; with runs, that is
    the text they were trained beside, cleaned and split as it was then. What the counts do not give (ε, a
    discount, weights, the best order) is chosen on the last ninth of the training part. Perplexity is per
    token, bits are per character.
    """
    from cli.lab import comparison
    from cli.render.comparison import follow, show
    from cli.render.console import make_console

    plan = comparison.plan(runs, fraction=split, **given)
    rows = follow(make_console(plain, stderr=True), comparison.measure(plan, seed=seed), plan.total)
    if as_json:
        for row in rows:
            options.write_json(comparison.as_row(plan, row))
    else:
        show(make_console(plain), plan, rows, every=every)
    return 0
