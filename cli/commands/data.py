"""rnn-lab data"""

from __future__ import annotations

from typing import Any

import click

from cli.commands import options


class _Group(click.Group):
    """Answers an unknown name with the nearest one."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            from cli.lab.errors import suggestion

            remedy = suggestion(args[0], self.commands, f"{ctx.command_path} --help lists them")
            ctx.fail(f"no command {args[0]!r}; {remedy}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Group, no_args_is_help=False, epilog="Example: rnn-lab data show the-lighthouse")
def command() -> None:
    """List the texts, or look at one."""


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
@options.plain
@options.as_json
def show_text(name: str, clean: str | None, split: float | None, plain: bool, as_json: bool) -> int:
    """Look at one text closely.

    Where it is from, its size, its symbols and most frequent words, its beginning, and how it is cut into
    minibatches.
    """
    from cli.lab.corpora import portrait

    text = portrait(name, clean=clean, fraction=split)
    if as_json:
        options.write_json(text.row())
        return 0
    from cli.render.console import make_console
    from cli.render.corpora import show_portrait

    show_portrait(make_console(plain), text)
    return 0
