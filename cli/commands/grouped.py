"""Options made from a table of settings, and a help that shows them in its groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from cli.lab.flags import FLAGS, Flag
from cli.lab.kinds import Kind, Switch


class _Typed(click.ParamType[Any]):
    """A value as its kind reads it."""

    def __init__(self, kind: Kind):
        self.kind, self.name = kind, kind.metavar

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self.kind.read(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Grouped(click.Command):
    """Its help lists the settings in their groups, then its other options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A section for each group."""
        own = {flag.name: flag for flag in FLAGS}
        for group in dict.fromkeys(flag.group for flag in FLAGS):
            with formatter.section(group):
                formatter.write_dl([_record(flag) for flag in FLAGS if flag.group == group])
        rest = [p.get_help_record(ctx) for p in self.get_params(ctx) if p.name not in own]
        with formatter.section("Run"):
            formatter.write_dl([record for record in rest if record])


def _record(flag: Flag) -> tuple[str, str]:
    default = "" if flag.default in (None, False, 0.0) else f"  [{flag.default}]"
    return f"{flag.option} {flag.kind.metavar}".rstrip(), flag.help + default


def settings_options(flags: Sequence[Flag]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """An option for each flag, None where it was not typed; a switch can be switched off with --no-…"""

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        for flag in reversed(flags):
            if isinstance(flag.kind, Switch):
                names = f"{flag.option}/--no-{flag.option.removeprefix('--')}"
                command = click.option(names, flag.name, default=None)(command)
            else:
                command = click.option(flag.option, flag.name, type=_Typed(flag.kind))(command)
        return command

    return decorate
