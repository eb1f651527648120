"""The beginning of a text, coloured and numbered by minibatch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from cli.lab.cuts import Cut
from cli.lab.figures import Pieces

_COLOURS = ("cyan", "magenta", "yellow")  # green and red mean something else


def show_cuts(console: Console, sequential: Cut, random: Cut, unit: str, visible: Callable[[str], str]) -> None:
    """Both ways to cut the same beginning, window by window in the order of the text."""
    console.print("\n [title]As minibatches[/]\n")
    tokens, batches = sequential.tokens, max(window.minibatch for window in sequential.windows)
    said = (
        f"The first {tokens:,} {unit}s as {batches} minibatches of {sequential.batch} × {sequential.steps}. "
        f"Each window bears the number of its minibatch; targets lie one {unit} on."
    )
    _note(console, said)
    for title, note, cut in (
        ("in sequence", "each row goes on in the next minibatch, so a state can be carried", sequential),
        ("at random", "each window once, anywhere; every state begins anew", random),
    ):
        console.print(Padding(f"[accent]{title}[/]  [quiet]{note}[/]", (1, 3, 0, 3)))
        for i in range(0, len(cut.windows), batches):
            console.print(Padding(_line(cut, i, i + batches, visible), (0, 1, 0, 3)))


def _line(cut: Cut, first: int, last: int, visible: Callable[[str], str]) -> Text:
    return _numbered([(visible(window.text), window.minibatch) for window in cut.windows[first:last]])


def pieces(figure: Pieces, width: int) -> Text:
    """Each piece behind the number of its minibatch and in its colour; dim and without a number where none reads it."""
    widest = max(cell_len(piece) + len(f"{number}│") for piece, number in figure.pieces) + 2
    across = max(1, min(figure.across, (width + 2) // widest))
    lines = [_numbered(figure.pieces[i : i + across], "│") for i in range(0, len(figure.pieces), across)]
    text = Text("\n", overflow="fold").join(lines)
    return text.append(f"\n\n{figure.caption}", style="quiet") if figure.caption else text


def _numbered(windows: Sequence[tuple[str, int]], stop: str = " ") -> Text:
    text = Text(overflow="fold")
    for shown, minibatch in windows:
        text.append("  " if text else "")
        text.append(f"{minibatch or '·'}{stop}", style="quiet")
        text.append(shown, style=_COLOURS[(minibatch - 1) % len(_COLOURS)] if minibatch else "quiet")
    return text


def _note(console: Console, said: str) -> None:
    console.print(Padding(Text(said, style="quiet"), (0, 3)))
