"""The terminal: its colours, each with one meaning, and its width."""

from __future__ import annotations

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
    """A console for stdout or stderr. `plain`, NO_COLOR and a pipe all mean: no colour, no redrawing."""
    return Console(
        theme=THEME, stderr=stderr, highlight=False, emoji=False, no_color=plain or None,
        force_terminal=False if plain else None, soft_wrap=False,
    )  # fmt: skip


def mark(ok: bool) -> str:
    """✓ or ✗, as markup."""
    return "[good]✓[/]" if ok else "[bad]✗[/]"
