r"""ARPA files, in which n-gram models travel: lines of log₁₀ P(w | c), the gram c w, and log₁₀ of what c w spares.

    \data\
    ngram 1=4
    \1-grams:
    -99 <s> 0
    -0.5 a -0.3
    …
    \end\

`<s>` begins a text and is never predicted, `</s>` ends one, `<unk>` is every other token. A model without `</s>` or
`<unk>` among its tokens writes them with −99, "never"; read back, such an entry is no token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnn.baselines.arpa_lines import Entries, grams_of
from rnn.baselines.backoff import Backoff
from rnn.baselines.counts import Level, level_from
from rnn.baselines.ngram import NGram
from rnn.baselines.trees import tree_of
from rnn.checkpoint import write_atomically
from rnn.errors import RnnError
from rnn.metrics import Floats, Ints

START, END, UNKNOWN = "<s>", "</s>", "<unk>"
NEVER = -99.0

Gram = tuple[int, ...]
Table = dict[Gram, tuple[float, float]]


class Arpa(NamedTuple):
    """A model from an ARPA file; token i is called `tokens[i]`."""

    tokens: tuple[str, ...]
    model: Backoff


def write_arpa(path: str | Path, model: NGram | Backoff, tokens: Sequence[str]) -> None:
    """Write a model whose token i is called `tokens[i]`, V names without blanks; the file appears whole or not at all.

    A text starts with no context, unless the model came from a file where `<s>` has grams of its own. Raises RnnError
    for names that do not fit, for scores, and for smoothings that lean past the next lower order.
    """
    made = model if isinstance(model, Backoff) else model.backoff
    _check_names(tokens, made.vocabulary)
    if made.scores or not made.chained:
        what = "scores are" if made.scores else "a smoothing that leans past the next lower order is"
        raise RnnError(f"{what} not for ARPA files", "write_arpa", "save the counts, or choose another smoothing")
    write_atomically(Path(path), "".join(_lines(made, (*tokens, START))).encode("utf-8", "surrogatepass"))


def read_arpa(path: str | Path) -> Arpa:
    """Read a model; its tokens are numbered as the file lists them, `<s>` left out.

    A gram whose first or last tokens are not in the file (a pruned model) gets them, with the probability that backing
    off gives them. Raises RnnError for a file that is absent or damaged, with the number of the line.
    """
    entries = _without_empty(grams_of(Path(path)))
    tokens = tuple(name for (name,) in entries[0] if not _is_marker(name, entries))
    if not tokens:
        raise RnnError("there are no tokens", str(path), "give a file with 1-grams")
    numbers = {name: i for i, name in enumerate((*tokens, START))}
    tables = [_numbered(table, numbers) for table in entries]
    tables[0][(len(tokens),)] = (NEVER, tables[0].get((len(tokens),), (NEVER, 0.0))[1])
    _complete(tables)
    return Arpa(tokens, _model(tables, len(tokens)))


def _check_names(tokens: Sequence[str], vocabulary: int) -> None:
    if len(tokens) != vocabulary or len(set(tokens)) != vocabulary:
        what = f"{len(set(tokens))} different names for {vocabulary} tokens"
        raise RnnError(what, "write_arpa", "give each token a name of its own")
    for name in tokens:
        if not name or name == START or any(c in name for c in " \t\n\r"):
            raise RnnError(f"a token cannot be called {name!r}", "write_arpa", "rename it: ▁ stands for a blank")


def _lines(model: Backoff, names: Sequence[str]) -> Iterator[str]:
    extra = [name for name in (END, UNKNOWN) if name not in names]
    sections = list(_sections(model))
    sizes = [len(sections[0][0]) + len(extra), *(len(grams) for grams, _, _ in sections[1:])]
    yield "\\data\\\n" + "".join(f"ngram {k}={size}\n" for k, size in enumerate(sizes, 1))
    for k, (grams, log_p, spare) in enumerate(sections, 1):
        yield f"\n\\{k}-grams:\n"
        for gram, p, left in zip(grams.tolist(), log_p.tolist(), spare.tolist() or [None] * len(grams), strict=True):
            ending = "" if left is None else f"\t{left:.9g}"
            yield f"{p:.9g}\t{' '.join(names[token] for token in gram)}{ending}\n"
        if k == 1:
            yield "".join(f"{NEVER:g}\t{name}\n" for name in extra)
    yield "\n\\end\\\n"


def _sections(model: Backoff) -> Iterator[tuple[Ints, Floats, Floats]]:
    """For each order the grams (K, k), log₁₀ P and log₁₀ of what they spare, none at the highest order."""
    first, tokens = model.tree.first, model.tree.tokens.astype(np.int64)
    grams, begin, end = np.zeros((1, 0), np.int64), 0, 1
    for k in range(1, model.order + 1):
        parents = np.repeat(np.arange(end - begin), np.diff(first[begin : end + 1]))
        begin, end = int(first[begin]), int(first[end])
        grams = np.column_stack((grams[parents], tokens[begin:end]))
        log_p, spare = _log10(model.p[begin:end]), _log10(model.spare[begin:end])
        yield (grams, log_p, spare) if k > 1 else _all_tokens(model, grams[:, 0], log_p, spare)


def _all_tokens(model: Backoff, counted: Ints, log_p: Floats, spare: Floats) -> tuple[Ints, Floats, Floats]:
    """Order 1 has a line for each token, also for those that were never counted, and one for `<s>`."""
    size = model.vocabulary + 1
    every = np.append(np.full(size - 1, _log10(model.spare[:1] / model.vocabulary)[0]), NEVER)
    left = np.zeros(size if spare.size else 0)
    every[counted] = log_p
    if spare.size:
        left[counted] = spare
    return np.arange(size)[:, None], every, left


def _log10(values: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log10(values), NEVER)


def _without_empty(entries: tuple[Entries, ...]) -> tuple[Entries, ...]:
    """The orders up to the last that has grams, order 1 at least."""
    return entries[: max((k for k, table in enumerate(entries, 1) if table), default=1)]


def _is_marker(name: str, entries: tuple[Entries, ...]) -> bool:
    """Whether a 1-gram is there for the format's sake only."""
    if name == START:
        return True
    never = name in (END, UNKNOWN) and entries[0][(name,)] in ((NEVER, 0.0), (-np.inf, 0.0))
    return never and not any(name in gram for table in entries[1:] for gram in table)


def _numbered(table: Entries, numbers: dict[str, int]) -> Table:
    return {tuple(numbers[name] for name in gram): v for gram, v in table.items() if all(n in numbers for n in gram)}


def _complete(tables: list[Table]) -> None:
    """Put in what a gram needs: its first tokens, to be found by, and its last ones, to go on from."""
    missing = []
    for k in range(len(tables) - 1, 0, -1):
        for gram in tables[k]:
            for part in (gram[:-1], gram[1:]):
                if part not in tables[k - 1]:
                    tables[k - 1][part] = (NEVER, 0.0)
                    missing.append(part)
    for gram in sorted(missing, key=len):
        _, spare = tables[len(gram) - 2].get(gram[:-1], (0.0, 0.0))
        tables[len(gram) - 1][gram] = (spare + tables[len(gram) - 2][gram[1:]][0], 0.0)


def _model(tables: Sequence[Table], vocabulary: int) -> Backoff:
    levels: list[Level] = []
    places: dict[Gram, int] = {(): 0}
    p, spare = [np.zeros(1)], [np.zeros(1)]
    for table in tables:
        grams = sorted(table)
        contexts, tokens = (np.array(column) for column in zip(*((places[g[:-1]], g[-1]) for g in grams), strict=True))
        levels.append(level_from(contexts, tokens, np.zeros_like(tokens), levels[-1] if levels else None))
        places = {gram: i for i, gram in enumerate(grams)}
        p.append(_power([table[gram][0] for gram in grams]))
        spare.append(_power([table[gram][1] for gram in grams]))
    inner = np.concatenate(spare[:-1])
    return Backoff(vocabulary, tree_of(levels), np.concatenate(p), inner, normal=False, start=1 + vocabulary)


def _power(exponents: Sequence[float]) -> Floats:
    """10 to these powers, and 0 for never."""
    values = np.array(exponents)
    return np.where(values <= NEVER, 0.0, 10.0**values)
