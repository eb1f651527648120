"""rnn-lab runs"""

from __future__ import annotations

import click

from cli.commands import options
from cli.commands.groups import Group

_SORTS = ["name", "perplexity", "time"]


@click.group(cls=Group, invoke_without_command=True, epilog="Example: rnn-lab runs compare runs/*-lstm-*")
@click.option("--sort", type=click.Choice(_SORTS), default="name", show_default=True, help="By what.")
@options.plain
@options.as_json
@click.pass_context
def command(context: click.Context, sort: str, plain: bool, as_json: bool) -> int:
    """List the runs in the folder runs, or lay their curves over each other."""
    if context.invoked_subcommand is not None:
        return 0
    return _list(("runs",), sort, plain, as_json)


@command.command("list", epilog="Example: rnn-lab runs list runs elsewhere/runs --sort perplexity")
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
@click.option("--sort", type=click.Choice(_SORTS), default="name", show_default=True, help="By what.")
@options.plain
@options.as_json
def list_runs(folders: tuple[str, ...], sort: str, plain: bool, as_json: bool) -> int:
    """List the runs in some folders.

    How far each is, the perplexities measured last, and whether it is running, stopped, finished, failed (its
    numbers were not finite any more) or unreadable.
    """
    return _list(folders or ("runs",), sort, plain, as_json)


def _list(folders: tuple[str, ...], sort: str, plain: bool, as_json: bool) -> int:
    from cli.lab.runs.listing import listed

    found = listed(folders, sort)
    if as_json:
        for run in found:
            options.write_json(run.row())
        return 0
    from cli.render.console import make_console
    from cli.render.runs import show_list

    show_list(make_console(plain), found)
    return 0


@command.command("compare", epilog="Example: rnn-lab runs compare runs/the-lighthouse-rnn-1 runs/the-lighthouse-gru-1")
@click.argument("folders", nargs=-1, required=True, metavar="RUN...")
@click.option("--part", type=click.Choice(["held-out", "development", "training"]), help="Default: held-out.")
@click.option("--by", type=click.Choice(["step", "seconds"]), default="step", show_default=True, help="The x axis.")
@options.plain
@options.as_json
def compare_runs(folders: tuple[str, ...], part: str | None, by: str, plain: bool, as_json: bool) -> int:
    """Draw the curves of runs over each other.

    The perplexities are those that were measured while they were trained. With --json a row for each measurement.
    """
    from cli.lab.runs.curves import measurements

    found = measurements(folders)
    if as_json:
        for run in found:
            for row in run.rows:
                options.write_json({**row, "run": str(run.run.folder)})
        return 0
    from cli.render.console import make_console
    from cli.render.runs import show_curves

    show_curves(make_console(plain), found, part, by)
    return 0
