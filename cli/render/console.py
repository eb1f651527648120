"""The terminal: its colours, each with one meaning, and its width."""

from __future__ import annotations

import os

from rich.console import Console
from rich.theme import Theme

THEME = Theme(
    {
        "accent": "bold cyan",  # the thing under discussion
        "good": "green",  # ✓ and nothing else
        "bad": "red",  # ✗ and nothing else
        "quiet": "dim",  # what can be skipped
        "title": "bold",
        "bar": "cyan",
        "progress.elapsed": "dim",
    },
    inherit=True,
)


def make_console(plain: bool = False, *, stderr: bool = False) -> Console:
    """A console for stdout or stderr. `plain` and a pipe mean no colour and no redrawing, NO_COLOR no colour."""
    return Console(
        theme=THEME, stderr=stderr, highlight=False, emoji=False, force_terminal=False if plain else None,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
    )  # fmt: skip


def mark(ok: bool) -> str:
    """✓ or ✗, as markup."""
    return "[good]✓[/]" if ok else "[bad]✗[/]"
