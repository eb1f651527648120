"""rnn-lab verify"""

from __future__ import annotations

import click

from cli.commands import options


@click.command(epilog="Example: rnn-lab verify 24")
@click.argument("equation", required=False)
@click.option("--problems", default=5, show_default=True, type=click.IntRange(min=1), help="How many random networks.")
@options.seed
@options.plain
@options.as_json
def command(equation: str | None, problems: int, seed: int, plain: bool, as_json: bool) -> int:
    """Check every equation against independent witnesses.

    EQUATION is an id (24), a family (elman) or a prefix; without one, all are checked. Each is computed by its
    formula on random networks and compared with automatic differentiation, central differences and the fused
    kernel. Exit status 1 if an equation fails, or if one that is printed wrong passes.
    """
    from cli.lab.verification import check_equations, row

    report = check_equations(equation, problems=problems, seed=seed)
    if as_json:
        for check in report.checks:
            options.write_json(row(check))
    else:
        from cli.render.console import make_console
        from cli.render.verification import show

        show(make_console(plain), report)
    return 0 if report.ok else 1
