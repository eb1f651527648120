"""A toy grammar in English and Chinese, and the exact translation of each of its sentences [S28; seed 000].

The two put things in different places: a time comes last here and second there, a place after the object here and
before the verb there; there is a measure word for each noun, a question says so with its last word, and only English
has "do" and verbs that agree. Chinese is written in characters, so that lengths differ too.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.checks import whole
from data.errors import DataError
from data.sentences import padded
from data.tasks.examples import Examples
from data.tokens import BOS, EOS, PAD

SUBJECTS = {"I": "我", "you": "你", "we": "我们", "she": "她", "the teacher": "老师"}
AGREEING = ("she", "the teacher")
MOODS = ("statement", "negation", "question")
VERBS = {"read": "读", "buy": "买", "sell": "卖"}
OWNERS = {"this": "这", "my": "我的"}
ADJECTIVES = {"": "", "new": "新", "beautiful": "漂亮的"}
NOUNS = {"book": ("本", "书"), "letter": ("封", "信"), "map": ("张", "地图")}  # with their measure words
PLACES = {"": "", "at home": "在家", "at school": "在学校"}
TIMES = {"": "", "today": "今天", "every day": "每天"}

SPECIAL = (PAD, BOS, EOS)  # with the ids 0, 1 and 2
Words = tuple[str, ...]


class Sentence(NamedTuple):
    """What is said, in the words of neither language: keys of the tables above."""

    subject: str
    mood: str
    verb: str
    owner: str
    adjective: str
    noun: str
    place: str
    time: str


@cache
def sentences() -> tuple[Sentence, ...]:
    """All 7,290 of them, in a fixed order."""
    tables = (SUBJECTS, MOODS, VERBS, OWNERS, ADJECTIVES, NOUNS, PLACES, TIMES)
    return tuple(Sentence(*choice) for choice in product(*tables))


def english(s: Sentence) -> Words:
    """Subject, verb, object, place, time: "she does not read my new book at school today ."."""
    agrees = s.subject in AGREEING
    do, verb = ("does" if agrees else "do"), s.verb + "s" * (agrees and s.mood == "statement")
    start = {
        "statement": f"{s.subject} {verb}",
        "negation": f"{s.subject} {do} not {verb}",
        "question": f"{do} {s.subject} {verb}",
    }[s.mood]
    rest = f"{s.owner} {s.adjective} {s.noun} {s.place} {s.time} {'?' if s.mood == 'question' else '.'}"
    return tuple(f"{start} {rest}".split())


def chinese(s: Sentence) -> Words:
    """Subject, time, place, verb, object: the characters of 她今天不在学校读我的新书。"""
    measure, noun = NOUNS[s.noun]
    thing = OWNERS[s.owner] + measure * (s.owner == "this") + ADJECTIVES[s.adjective] + noun
    end = "吗？" if s.mood == "question" else "。"
    no = "不" * (s.mood == "negation")
    return tuple(SUBJECTS[s.subject] + TIMES[s.time] + no + PLACES[s.place] + VERBS[s.verb] + thing + end)


@cache
def _known() -> dict[Words, Words]:
    return {english(s): chinese(s) for s in sentences()}


def translate(words: Words | list[str] | str) -> Words:
    """The Chinese characters of an English sentence, given as words or as one string with spaces between them.

    No two sentences share a translation. Raises DataError for what is no sentence of the grammar.
    """
    key = tuple(words.split() if isinstance(words, str) else words)
    if key not in _known():
        raise DataError(f'"{" ".join(key)}" is no sentence of the grammar', "translate", "see data.tasks.sentences()")
    return _known()[key]


@cache
def vocabularies() -> tuple[Words, Words]:
    """(English, Chinese) tokens; a token's id is its place: padding 0, begin 1, end 2, then the words as they come."""
    one, other = (dict.fromkeys(w for words in side for w in words) for side in (_known(), _known().values()))
    return (*SPECIAL, *one), (*SPECIAL, *other)


@dataclass(frozen=True, eq=False)
class Parallel:
    """N pairs, padded with 0, time first: what is read, what is written, and what has been written up to there.

    `source` (S, N) is English with its `source_lengths` (N,). `written` are `Examples` (T, N): inputs <bos> y₁ … y_n,
    targets y₁ … y_n <eos>. English tells Chinese exactly, so the best loss is 0; see `unread` for who does not read.
    """

    source: NDArray[np.int64]
    source_lengths: NDArray[np.int64]
    written: Examples

    def __len__(self) -> int:
        return len(self.source_lengths)

    @property
    def optimum(self) -> float:
        """0 nats: a translation is a function of its source."""
        return 0.0

    @property
    def unread(self) -> float:
        """The best mean loss of one who knows these N pairs but does not read the English, drawn evenly.

        The pairs and their translations are all different, so a translation has entropy ln N, over as many targets
        as it has on average.
        """
        return float(np.log(len(self)) / self.written.lengths.mean())

    def take(self, which: NDArray[np.integer]) -> "Parallel":
        """Some of the pairs by their places, as a minibatch; padding that none of them needs is left out."""
        w, lengths, read = self.written, self.written.lengths[which], self.source_lengths[which]
        T = int(lengths.max(initial=0))
        part = Examples(w.inputs[:T, which], w.targets[:T, which], w.asked[:T, which], lengths)
        return Parallel(self.source[: int(read.max(initial=0)), which], read, part)

    def draw(self, rows: int, rng: np.random.Generator) -> "Parallel":
        """Random pairs, with replacement."""
        return self.take(rng.integers(len(self), size=whole(rows, "rows")))


def parallel(said: list[Sentence] | tuple[Sentence, ...]) -> Parallel:
    """Sentences as arrays. Raises DataError where there are none."""
    if not said:
        raise DataError("there are no sentences", "parallel", "give at least one")
    ours, theirs = ({token: i for i, token in enumerate(tokens)} for tokens in vocabularies())
    read = [[ours[word] for word in english(s)] for s in said]
    wrote = [[theirs[character] for character in chinese(s)] for s in said]
    begin, end = SPECIAL.index(BOS), SPECIAL.index(EOS)
    inputs, targets = padded([[begin, *row] for row in wrote]), padded([[*row, end] for row in wrote])
    source = padded(read)
    return Parallel(source.ids.T, source.lengths, Examples(inputs.ids.T, targets.ids.T, inputs.mask.T, inputs.lengths))


def hold_out(rng: np.random.Generator, things: int = 4) -> tuple[list[Sentence], list[Sentence]]:
    """(training, held_out): every sentence about `things` combinations of verb, adjective and noun is held out.

    Each of those words occurs in training, in other company: what is asked is to put together what is known. A word is
    in 9 of the 27 combinations, so up to 8 can go. Raises DataError for fewer than 1 and for more.
    """
    if whole(things, "things") > 8:
        raise DataError(f"things is {things}", "hold_out", "give at most 8, so that training keeps every word")
    combinations = list(product(VERBS, ADJECTIVES, NOUNS))
    out = {combinations[i] for i in rng.choice(len(combinations), things, replace=False)}
    parts = list[Sentence](), list[Sentence]()
    for s in sentences():
        parts[(s.verb, s.adjective, s.noun) in out].append(s)
    return parts
