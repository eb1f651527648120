"""A small language whose sentences depend on each other: who is spoken of is said once."""

from __future__ import annotations

import math

import numpy as np

from data import BOS, EOS, PAD, Vocab
from data.ids import Ints

PEOPLE = {"she": ("her", ("edie", "kirsten", "maud")), "he": ("his", ("abel", "leonard", "matthew"))}
VERBS, THINGS = ("lit", "took", "lost"), ("lamp", "rope", "tea")
SENTENCES = range(2, 5)  # of a document
TEXT = " ".join(word for pronoun, (own, names) in PEOPLE.items() for word in (pronoun, own, *names))
VOCAB = Vocab.from_text(f"{TEXT} {' '.join(VERBS)} {' '.join(THINGS)}", "word", reserved=(PAD, BOS, EOS))
PAD_ID, BOS_ID, EOS_ID = (int(i) for i in VOCAB.ids_of([PAD, BOS, EOS]))
PRONOUNS = [int(i) for i in VOCAB.ids_of(list(PEOPLE))]
FIRST_NAMES = [int(i) for _, names in PEOPLE.values() for i in VOCAB.ids_of(names)]

Document = list[Ints]


def document(pronoun: str, name: int, acts: list[tuple[int, int]]) -> list[str]:
    """A sentence for each act (verb, thing): the first has a name, the others a pronoun."""
    own, names = PEOPLE[pronoun]
    subjects = [names[name], *[pronoun] * (len(acts) - 1)]
    return [f"{who} {VERBS[v]} {own} {THINGS[k]}" for who, (v, k) in zip(subjects, acts, strict=True)]


def encoded(sentences: list[str]) -> Document:
    """Its ids, each sentence between <bos> and <eos>."""
    return [np.array([BOS_ID, *VOCAB.encode(sentence), EOS_ID]) for sentence in sentences]


def documents(number: int, rng: np.random.Generator) -> list[Document]:
    """Random ones in pairs that differ in who is spoken of, she or he, and in nothing else."""
    found = []
    for _ in range(number // 2):
        name, length = int(rng.integers(3)), int(rng.choice(SENTENCES))
        acts = [(int(v), int(k)) for v, k in rng.integers(3, size=(length, 2))]
        found += [encoded(document(pronoun, name, acts)) for pronoun in PEOPLE]
    return found


def floor(chosen: list[Document]) -> float:
    """The mean loss of one who knows the language and what has been said: names, verbs and things are even draws."""
    names, sentences = len(chosen), sum(map(len, chosen))
    choices = names * math.log(len(FIRST_NAMES)) + sentences * math.log(len(VERBS) * len(THINGS))
    return choices / sum(ids.size - 1 for document in chosen for ids in document)
