"""Texts as a list, and the portrait of one."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.lab.corpora import Frequencies, Listed, Portrait
from cli.lab.figures import Plot, curve
from cli.lab.frequencies import Ranked
from cli.render.bars import bar
from cli.render.minibatches import show_cuts
from cli.render.plots import plot

_TABLE_FROM = 100  # terminal columns below which a text takes two lines of the list
_SYMBOLS = {"char": 200, "word": 40, "byte": 0}  # of a vocabulary, shown at most
_WIDEST = 84
_WORD = 12  # columns
_VISIBLE = {" ": "␣", "\n": "⏎", "\t": "⇥"}


def show_list(console: Console, texts: list[Listed]) -> None:
    """A line for each text, or two where it is narrow."""
    console.print()
    console.print(_list_wide(texts) if console.width >= _TABLE_FROM else _list_narrow(texts))
    more = "more: put any .txt into the folder that RNN_LAB_DATA names, or rnn-lab data fetch NAME"
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
    _ranks(console, portrait.ranks)
    if portrait.sequential and portrait.random:
        visible = _words_visible if portrait.text.unit == "word" else _all_visible
        show_cuts(console, portrait.sequential, portrait.random, portrait.text.unit, visible)
    flags = portrait.flags
    _last(console, f"train on it: rnn-lab train {flags}", f"count in it: rnn-lab compare {flags}")


def _facts(portrait: Portrait) -> Table:
    text, corpus = portrait.text, portrait.text.corpus
    cleaned = f"; {len(corpus.text):,} after cleaning {corpus.cleaning}" if corpus.cleaning != "none" else ""
    unseen = f", {text.unseen:,} never met in training" if text.unseen else ""
    ratio, bits = portrait.compressed / portrait.bytes, portrait.zlib_bits
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(style="quiet", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in (
        ("source", corpus.source),
        ("licence", corpus.licence),
        ("SHA-256", f"{corpus.sha256[:16]}…"),
        ("characters", f"{portrait.raw_characters:,}{cleaned}"),
        ("training", f"{_size(text.training.size, text.training_characters)}, split {text.fraction:g}"),
        ("held out", _size(text.held_out.size, text.held_out_characters) + unseen),
        ("words", f"{portrait.total_words:,}, {portrait.distinct_words:,} of them distinct"),
        ("zlib", f"{ratio:.1%} of its bytes, {bits:.2f} bits per character"),
        *_vocabulary(portrait),
    ):
        table.add_row(name, Text(value))
    return table


def _size(tokens: int, characters: int) -> str:
    """In tokens, and in characters where those are others."""
    return f"{tokens:,}" if tokens == characters else f"{tokens:,} tokens, {characters:,} characters"


def _vocabulary(portrait: Portrait) -> list[tuple[str, str]]:
    """How many tokens, and the symbols in order of code point, or the most frequent words."""
    vocab, symbols = portrait.text.vocab, portrait.symbols
    if vocab.unknown_id is None:
        return [("vocabulary", f"{len(vocab):,} bytes, whatever the text")]
    many = _SYMBOLS[vocab.kind]
    these = f"these {len(symbols):,} symbols" if vocab.kind == "char" else f"{len(symbols):,} words"
    shown = (sorted(symbols) if vocab.kind == "char" else list(symbols))[:many]
    text = " ".join(map(_all_visible, shown)) + (" …" if len(symbols) > many else "")
    return [("vocabulary", f"{len(vocab):,}: <unk> and {these}"), ("", text)]


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


def _ranks(console: Console, ranks: tuple[Ranked, ...]) -> None:
    """How often the words, pairs and triples occur, by rank, on logarithmic axes [D2L 8.3.2]."""
    if not ranks:
        return
    console.print("\n [title]How often, by rank[/]\n")
    curves = tuple(
        curve(of.name, [round(x, 2) for x in of.log_ranks], [10**y for y in of.log_frequencies]) for of in ranks
    )
    figure = Plot("times that words, pairs and triples of words occur", curves, "log₁₀ rank", log=True)
    console.print(Padding(plot(figure, min(console.width - 4, _WIDEST)), (0, 1, 0, 3)))
    table = Table(box=None, padding=(0, 1), header_style="quiet")
    for header in ("", "distinct", "occur once", "exponent"):
        table.add_column(header, justify="right" if header else "left", no_wrap=True)
    for of in ranks:
        exponent = "–" if of.exponent is None else f"{of.exponent:.2f}"
        table.add_row(of.name, f"{of.distinct:,}", f"{of.once:.1%}", exponent)
    console.print(Padding(table, (1, 0, 0, 2)))
    said = "exponent: of Zipf's law, least squares on ranks 10 to 1000"
    console.print(Padding(Text(said, style="quiet"), (0, 3)))


def _last(console: Console, *lines: str) -> None:
    """What can be done next, on one line if there is room."""
    beside = " · ".join(lines)
    fits = cell_len(beside) <= console.width - 2
    console.print(Padding(Text(beside if fits else "\n".join(lines), style="quiet"), (1, 1, 0, 1)))


def _short(name: str) -> str:
    shown = _all_visible(name)
    return shown if cell_len(shown) <= _WORD else set_cell_size(shown, _WORD - 1) + "…"


def _visible(character: str) -> str:
    """The character, or a sign for one that would not be seen."""
    if character in _VISIBLE:
        return _VISIBLE[character]
    return character if character.isprintable() else "�"


def _all_visible(text: str) -> str:
    return "".join(map(_visible, text))


def _words_visible(text: str) -> str:
    """Words as they are, for the spaces between them are no tokens."""
    return " ".join(map(_all_visible, text.split(" ")))


def _printable(text: str) -> str:
    """Nothing in a text may steer the terminal."""
    return "".join(c if c == "\n" else " " if c == "\t" else _visible(c) if c != " " else c for c in text)
