"""The pages on the vocabulary: who gets which number, who gets none, and how many are worth one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from cli.lab.experiments import between, experiment
from cli.lab.figures import Column, Excerpt, Plot, Result, Table, at_least, at_most, curve
from cli.lessons.text.steps import changed
from cli.lessons.text.story import parts, raw
from data import KINDS, UNKNOWN, Vocab, split_text

RAREST = 20  # the largest frequency that is asked for
_RANKS = (1, 2, 3, 4, 5, 10, 100, 500)
_SHOWN = 160  # characters of the text held out


def numbered(words: Sequence[str], least: int = 1) -> dict[str, int]:
    """Frequent words first, equals by alphabet."""
    counts = Counter(words)
    usual = [w for w in counts if counts[w] >= least]
    usual.sort(key=lambda w: (-counts[w], w))
    order = [UNKNOWN, *usual]
    return {w: i for i, w in enumerate(order)}


@experiment()
def by_frequency() -> Result:
    """The story's words and their numbers."""
    training = parts()[0]
    vocab, counts = Vocab.from_text(training, "word"), Counter(training.split())
    ranks = dict.fromkeys([*(i for i in _RANKS if i < len(vocab)), len(vocab) - 1])
    rows = tuple((str(i), vocab.tokens[i], counts[vocab.tokens[i]]) for i in ranks)
    frequencies = [counts[token] for token in vocab.tokens[1:]]
    rising = sum(later > earlier for earlier, later in pairwise(frequencies))
    ids = vocab.encode(training)
    half = next(i for i in range(len(vocab)) if 2 * (ids <= i).sum() >= len(ids))
    caption = f"{len(ids):,} words, {len(vocab) - 1:,} different ones; ids up to {half} make up half of them"
    return Result(
        (Table((("id", "text"), ("word", "text"), ("times", "count")), rows, caption),),
        (
            at_most(
                "words that the function numbers otherwise than the project",
                differing(numbered(training.split()), vocab),
                0,
            ),
            at_most("words that are more frequent than the one before them", rising, 0),
            at_most("ids that the text never uses, but for that of <unk>", len(vocab) - 1 - len(set(ids.tolist())), 0),
            at_most("half of the text: its ids, as a share of all", half / (len(vocab) - 1), 0.1),
        ),
    )


def differing(ids: dict[str, int], vocab: Vocab) -> int:
    """How many tokens have another id in a vocabulary, or are in one of the two only."""
    return len(set(ids.items()) ^ {(token, i) for i, token in enumerate(vocab.tokens)})


@experiment(rarest=between(1, RAREST))
def unknown(rarest: int = 1) -> Result:
    """The held-out part, read with the vocabulary of the rest."""
    training, held_out = parts()
    vocab = Vocab.from_text(training, "word", min_freq=rarest)
    tokens, ids = held_out.split(), vocab.encode(held_out)
    back, known = vocab.decode(ids).split(), set(numbered(training.split(), rarest))
    strangers = [token not in known for token in tokens]
    misread = sum((b != t) != s or (s and b != UNKNOWN) for t, b, s in zip(tokens, back, strangers, strict=True))
    shares = {kind: share_unknown(*split_text(raw(), 0.9, kind), kind) for kind in KINDS}
    everything = Vocab.from_text(f"{training} {held_out}", "word")
    columns: tuple[Column, ...] = (("held out, in", "text"), ("different ids", "count"), ("unknown", "share"))
    rows = tuple((name, size, share) for name, (size, share) in (
        ("words, cleaned", (len(vocab), sum(strangers) / len(tokens))),
        ("words, as written", shares["word"]), ("characters", shares["char"]), ("bytes", shares["byte"])))  # fmt: skip
    return Result(
        (
            Excerpt(
                vocab.decode(ids)[:_SHOWN].rsplit(" ", 1)[0] + " …",
                "\nheld out, as the vocabulary of the rest reads it",
            ),
            Table(columns, rows),
        ),
        (
            at_most(
                "words misread: known and changed, or unknown and not <unk>",
                misread + changed(back, tokens) - sum(strangers),
                0,
            ),
            at_least("held-out words that were never met, as a share", sum(strangers) / len(tokens), 0.05),
            at_most("bytes that were never met", shares["byte"][1], 0),
            at_most(
                "unknown, were the vocabulary made of the held-out part too",
                (everything.encode(held_out) == 0).sum(),
                0,
            ),
        ),
    )


def share_unknown(training: str, held_out: str, kind: str) -> tuple[int, float]:
    """How many ids the vocabulary of a text has, and which share of another text it lacks."""
    vocab = Vocab.from_text(training, kind)
    lacking = set(vocab.unknown(held_out))
    tokens = KINDS[kind].cut(held_out)
    return len(vocab), sum(token in lacking for token in tokens) / len(tokens)


@experiment(rarest=between(1, RAREST))
def min_frequency(rarest: int = 2) -> Result:
    """The size of the vocabulary and what is lost, for every least frequency."""
    training, held_out = parts()
    counts = Counter(training.split())
    asked = range(1, RAREST + 1)
    vocabs = [Vocab.from_text(training, "word", min_freq=n) for n in asked]
    sizes = [len(v) for v in vocabs]
    lost = [[float((v.encode(text) == 0).mean()) for v in vocabs] for text in (training, held_out)]
    expected = [1 + sum(n >= least for n in counts.values()) for least in asked]
    dropped = [sum(n for n in counts.values() if n < least) / counts.total() for least in asked]
    shown = sorted({1, 2, 3, 5, 10, RAREST, rarest})
    columns: tuple[Column, ...] = (
        ("n", "text"),
        ("different ids", "count"),
        ("<unk> in training", "share"),
        ("held out", "share"),
    )
    rows = tuple((str(n), sizes[n - 1], lost[0][n - 1], lost[1][n - 1]) for n in shown)
    gone = 1 - (sizes[1] - 1) / (sizes[0] - 1)
    return Result(
        (
            Plot(
                "size of the vocabulary of words that occur n times or more",
                (curve("ids", asked, sizes),),
                "n",
                log=True,
            ),
            Plot(
                "share of the text that is <unk>",
                (curve("held out", asked, lost[1]), curve("training", asked, lost[0])),
                "n",
            ),
            Table(columns, rows, "a word has an id if it occurs n times or more"),
        ),
        (
            at_most(
                "sizes: off from one more than the words that are frequent enough",
                max(map(abs, _less(sizes, expected))),
                0,
            ),
            at_most(
                "<unk> in training: off from the share of the rarer words",
                max(map(abs, _less(lost[0], dropped))),
                1e-12,
            ),
            at_most(
                f"words numbered by the function otherwise, at least frequency {rarest}",
                differing(numbered(training.split(), rarest), vocabs[rarest - 1]),
                0,
            ),
            at_least("words that occur once, as a share of the different words", gone, 0.4),
            at_most("the same, as a share of the text", lost[0][1], 0.1),
            at_most("with every word kept, <unk> in training", lost[0][0], 0),
        ),
    )


def _less(a: Sequence[float], b: Sequence[float]) -> list[float]:
    return [x - y for x, y in zip(a, b, strict=True)]
