"""Texts as a list, and the portrait of one."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.lab.corpora import Frequencies, Listed, Portrait
from cli.render.bars import bar

_TABLE_FROM = 100  # terminal columns below which a text takes two lines of the list
_SYMBOLS = 200  # of a vocabulary, shown at most
_WORD = 12  # columns
_VISIBLE = {" ": "␣", "\n": "⏎", "\t": "⇥"}


def show_list(console: Console, texts: list[Listed]) -> None:
    """A line for each text, or two where it is narrow."""
    console.print()
    console.print(_list_wide(texts) if console.width >= _TABLE_FROM else _list_narrow(texts))
    more = "more: put any .txt into the folder that RNN_LAB_DATA names"
    _last(console, "look at one: rnn-lab data show NAME", more)


def _list_wide(texts: list[Listed]) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="quiet")
    table.add_column("name", style="accent", overflow="fold")
    table.add_column("title")
    table.add_column("characters", justify="right", no_wrap=True)
    for header in ("cleaning", "split"):
        table.add_column(header, no_wrap=True)
    table.add_column("licence", style="quiet")
    for text in texts:
        size = "–" if text.characters is None else f"{text.characters:,}"
        name, title = escape(text.name), escape(text.title)
        table.add_row(name, title, size, text.cleaning, f"{text.split:g}", escape(_brief(text.licence)))
        if text.problem:
            table.add_row("", Text(text.problem, style="quiet"))
    return table


def _list_narrow(texts: list[Listed]) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="quiet", expand=True)
    table.add_column("", overflow="fold", ratio=1)
    table.add_column("characters", justify="right", no_wrap=True)
    for i, text in enumerate(texts):
        size = "–" if text.characters is None else f"{text.characters:,}"
        about = f"cleaning {text.cleaning}, split {text.split:g}; {_brief(text.licence)}"
        if i:
            table.add_row()
        table.add_row(Text(text.name, style="accent"), size)
        for line in filter(None, (text.title, about, text.problem)):
            table.add_row(Padding(Text(line, style="quiet"), (0, 0, 0, 2)))
    return table


def _brief(licence: str) -> str:
    """A licence without its explanation in brackets, which `show` gives."""
    return licence.partition(" (")[0]


def show_portrait(console: Console, portrait: Portrait) -> None:
    """Where it comes from, its sizes and symbols, what is frequent, how it begins and how it is cut up."""
    corpus = portrait.text.corpus
    console.print(Padding(f"[accent]{escape(corpus.name)}[/]  [title]{escape(corpus.title)}[/]", 1))
    console.print(_facts(portrait))
    console.print(Padding(_frequent(portrait, console.width), (1, 0)))
    console.print(" [title]It begins[/]\n")
    console.print(Padding(Text(_printable(portrait.excerpt.strip("\n"))), (0, 3)))
    _minibatches(console, portrait)
    flags = portrait.flags
    _last(console, f"train on it: rnn-lab train {flags}", f"count in it: rnn-lab compare {flags}")


def _facts(portrait: Portrait) -> Table:
    text, corpus = portrait.text, portrait.text.corpus
    symbols, unknown = sorted(text.vocab.tokens[1:]), int((text.held_out == 0).sum())
    cleaned = f"; {len(corpus.text):,} after cleaning {corpus.cleaning}" if corpus.cleaning != "none" else ""
    ratio, bits = portrait.compressed / portrait.bytes, portrait.zlib_bits
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(style="quiet", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in (
        ("source", corpus.source),
        ("licence", corpus.licence),
        ("SHA-256", f"{corpus.sha256[:16]}…"),
        ("characters", f"{portrait.raw_characters:,}{cleaned}"),
        ("training", f"{text.training.size:,}, split {text.fraction:g}"),
        ("held out", f"{text.held_out.size:,}" + (f", {unknown:,} never met in training" if unknown else "")),
        ("words", f"{portrait.total_words:,}, {portrait.distinct_words:,} of them distinct"),
        ("zlib", f"{ratio:.1%} of its bytes, {bits:.2f} bits per character"),
        ("vocabulary", f"{len(text.vocab):,}: <unk> and these {len(symbols):,} symbols"),
        ("", " ".join(map(_visible, symbols[:_SYMBOLS])) + (" …" if len(symbols) > _SYMBOLS else "")),
    ):
        table.add_row(name, Text(value))
    return table


def _frequent(portrait: Portrait, width: int) -> Table:
    """The most frequent characters and words side by side, each with its share and a bar."""
    widest = max((cell_len(_short(word)) for word, _ in portrait.words), default=0)
    room = max(4, min(24, (width - 35 - max(widest, 5)) // 2))
    table = Table(box=None, padding=(0, 1), header_style="title")
    for header in ("characters", "words"):
        table.add_column(header, no_wrap=True)
        table.add_column("", justify="right", no_wrap=True)
        table.add_column("", width=room, no_wrap=True)
    left = _shares(portrait.characters, len(portrait.text.corpus.text), room)
    right = _shares(portrait.words, portrait.total_words, room)
    for i in range(max(len(left), len(right))):
        table.add_row(*(left[i] if i < len(left) else ("", "", "")), *(right[i] if i < len(right) else ()))
    return table


def _shares(counts: Frequencies, total: int, room: int) -> list[tuple[Text, str, Text]]:
    most = counts[0][1] if counts else 1
    return [(Text(_short(name)), f"{n / total:.1%}", bar(n / most, room)) for name, n in counts]


def _minibatches(console: Console, portrait: Portrait) -> None:
    """As many successive minibatches beside each other as there is room for."""
    if not portrait.minibatches:
        return
    shown = [["".join(map(_visible, row)) for row in rows] for rows in portrait.minibatches]
    widest = max(cell_len(row) for rows in shown for row in rows)
    fitting = max(1, (console.width - 4) // (widest + 3))
    console.print("\n [title]Read in sequence[/]\n")
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="quiet", pad_edge=False)
    for i, rows in enumerate(shown[:fitting], start=1):
        table.add_column(f"minibatch {i}, {len(rows)} × {len(portrait.minibatches[0][0])}", no_wrap=True)
    for row in zip(*shown[:fitting], strict=True):
        table.add_row(*map(Text, row))
    console.print(Padding(table, (0, 0, 0, 3)))
    said = "Each row goes on in the next minibatch, so a state can be carried. Targets lie one character on."
    console.print(Padding(Text(said, style="quiet"), (1, 3, 0, 3)))


def _last(console: Console, *lines: str) -> None:
    """What can be done next, on one line if there is room."""
    beside = " · ".join(lines)
    fits = cell_len(beside) <= console.width - 2
    console.print(Padding(Text(beside if fits else "\n".join(lines), style="quiet"), (1, 1, 0, 1)))


def _short(name: str) -> str:
    shown = "".join(map(_visible, name))
    return shown if cell_len(shown) <= _WORD else set_cell_size(shown, _WORD - 1) + "…"


def _visible(character: str) -> str:
    """The character, or a sign for one that would not be seen."""
    if character in _VISIBLE:
        return _VISIBLE[character]
    return character if character.isprintable() else "�"


def _printable(text: str) -> str:
    """Nothing in a text may steer the terminal."""
    return "".join(c if c == "\n" else " " if c == "\t" else _visible(c) if c != " " else c for c in text)
