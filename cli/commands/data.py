"""rnn-lab data"""

from __future__ import annotations

import click

from cli.commands import options
from cli.commands.groups import Group


@click.group(cls=Group, no_args_is_help=False, epilog="Example: rnn-lab data show the-lighthouse")
def command() -> None:
    """List the texts, look at one, or fetch one."""


@command.command("list", epilog="Example: rnn-lab data list")
@options.plain
@options.as_json
def list_texts(plain: bool, as_json: bool) -> int:
    """List the texts.

    Those that come with rnn-lab, those it knows of, and every *.txt in the folder that RNN_LAB_DATA names.
    """
    from cli.lab.corpora import listed

    texts = listed()
    if as_json:
        for text in texts:
            options.write_json(text.row())
        return 0
    from cli.render.console import make_console
    from cli.render.corpora import show_list

    show_list(make_console(plain), texts)
    return 0


@command.command("show", epilog="Example: rnn-lab data show time-machine --clean d2l-v1")
@click.argument("name", metavar="NAME|PATH")
@options.cut_options
@options.seed
@options.plain
@options.as_json
def show_text(
    name: str, clean: str | None, tokens: str | None, split: float | None, seed: int, plain: bool, as_json: bool
) -> int:
    """Look at one text closely.

    Where it is from, its size, its symbols and most frequent words, how often words occur by rank, its beginning,
    and how it is cut into minibatches, in sequence and at random.
    """
    from cli.lab.corpora import portrait

    text = portrait(name, clean=clean, tokens=tokens, fraction=split, seed=seed)
    if as_json:
        options.write_json(text.row())
        return 0
    from cli.render.console import make_console
    from cli.render.corpora import show_portrait

    show_portrait(make_console(plain), text)
    return 0


@command.command("fetch", epilog="Example: rnn-lab data fetch time-machine")
@click.argument("name")
@click.option("--from", "source", metavar="URL|FILE", help="Where to get it. Default: its own address.")
@options.plain
@options.as_json
def fetch_text(name: str, source: str | None, plain: bool, as_json: bool) -> int:
    """Get a text that is known but not shipped: time-machine or tiny-shakespeare.

    It is checked by its SHA-256 and put into the folder that RNN_LAB_DATA names, or else into your cache folder.
    """
    from cli.lab.corpora import fetched
    from cli.render.console import make_console
    from cli.render.fetching import follow, show

    text = follow(make_console(plain, stderr=True), name, lambda tell: fetched(name, source, tell))
    if as_json:
        options.write_json(text.row())
    else:
        show(make_console(plain), text)
    return 0
