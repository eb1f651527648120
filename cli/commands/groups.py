"""Groups of subcommands."""

from __future__ import annotations

from typing import Any

import click


class Group(click.Group):
    """Answers an unknown name with the nearest one."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click, but for names that are not in the list."""
        known = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in known:
            from cli.lab.errors import suggestion

            ctx.fail(f"no command {args[0]!r}; {suggestion(args[0], known, f'{ctx.command_path} --help lists them')}")
        return super().resolve_command(ctx, args)
