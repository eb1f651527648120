"""rnn-lab warm"""

from __future__ import annotations

import click

from cli.commands import options


@click.command(epilog="Example: rnn-lab warm")
@options.plain
@options.as_json
def command(plain: bool, as_json: bool) -> int:
    """Compile all kernels ahead.

    They are compiled when they are first needed, and kept; this does it for all of them at once, so that no lesson
    and no training run has to wait. A minute or two; a second time nothing is left to do.
    """
    from cli.lab.warm import warm
    from cli.render.console import make_console
    from cli.render.warm import follow, show

    with follow(make_console(plain, stderr=True)) as tell:
        done = warm(tell)
    if as_json:
        options.write_json(done.row())
    else:
        show(make_console(plain), done)
    return 0
