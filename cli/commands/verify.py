"""rnn-lab verify"""

from __future__ import annotations

from collections.abc import Sequence

import click

from cli.commands import options


@click.command(epilog="Examples: rnn-lab verify · rnn-lab verify 24 · rnn-lab verify lstm --mutate")
@click.argument("equation", required=False)
@click.option("--problems", default=5, show_default=True, type=click.IntRange(min=1), help="How many random networks.")
@click.option("--mutate", is_flag=True, help="Plant every known mistake in turn, and see whether each is noticed.")
@click.option("--all-seeds", type=click.IntRange(min=1), metavar="N", help="Verify with seeds 0 … N−1; show the worst.")
@options.seed
@options.plain
@options.as_json
def command(
    equation: str | None, problems: int, mutate: bool, all_seeds: int | None, seed: int, plain: bool, as_json: bool
) -> int:
    """Check every equation against independent witnesses.

    EQUATION is an id (24), a family (elman) or a prefix (LSTM); without one, all are checked. Each is computed by
    its formula on random networks and compared with automatic differentiation, central differences and the fused
    kernel. Exit status 1 if an equation fails, if one that is printed wrong passes, or if a planted mistake escapes.
    """
    if all_seeds and mutate:
        raise click.UsageError("--all-seeds goes without --mutate; leave one out")
    if all_seeds and options.given(click.get_current_context(), "seed"):
        raise click.UsageError("--all-seeds goes without --seed; leave one out")
    if mutate:
        return _mutate(equation, problems, seed, plain, as_json)
    return _verify(equation, problems, range(all_seeds) if all_seeds else (seed,), plain, as_json)


def _verify(equation: str | None, problems: int, seeds: Sequence[int], plain: bool, as_json: bool) -> int:
    from cli.lab.verification import checked, row
    from cli.render.console import make_console
    from cli.render.verification import follow, show
    from rnn.verify import report

    total, coming = checked(equation, problems=problems, seeds=seeds)
    found = report(follow(make_console(plain, stderr=True), coming, total, "verifying"), problems * len(seeds))
    if as_json:
        for check in found.checks:
            options.write_json(row(check))
    else:
        show(make_console(plain), found)
    return 0 if found.ok else 1


def _mutate(equation: str | None, problems: int, seed: int, plain: bool, as_json: bool) -> int:
    from cli.lab.verification import Planted, mutated, rows
    from cli.render.console import make_console
    from cli.render.mutation import show
    from cli.render.verification import follow

    total, coming = mutated(equation, problems=problems, seed=seed)
    planted = Planted(tuple(follow(make_console(plain, stderr=True), coming, total, "planting mistakes")), problems)
    if as_json:
        for row in rows(planted):
            options.write_json(row)
    else:
        show(make_console(plain), planted)
    return 0 if planted.ok else 1
