"""The text that saved runs have in common: a figure on text that a model has trained on is worthless."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cli.lab.errors import LabError
from cli.lab.runs import Run
from cli.lab.texts import Prepared, prepare
from data import entries


def text_of(
    loaded: Sequence[Run],
    *,
    corpus: str | None = None,
    clean: str | None = None,
    tokens: str | None = None,
    fraction: float | None = None,
) -> Prepared:
    """The text of the runs (at least one), cut as they had it; what is not given is as the first has it.

    Raises LabError for a run that was trained on another text, cleaning, kind of tokens, split or vocabulary.
    """
    trained = loaded[0].settings
    text = prepare(
        _corpus_of(loaded[0]) if corpus is None else corpus,
        clean=trained.cleaning if clean is None else clean,
        tokens=trained.tokens if tokens is None else tokens,
        fraction=trained.split if fraction is None else fraction,
    )
    given = any(option is not None for option in (corpus, clean, tokens, fraction))
    for run in loaded:
        if difference := next(_differences(run, text), None):
            what = f"run {run.folder.resolve().name} was trained {difference}"
            raise LabError(what, str(run.folder), _remedy(first=run is loaded[0], given=given))
    return text


def _corpus_of(run: Run) -> str:
    """The name of its corpus, or the path of its text as it was."""
    origin = run.settings.corpus
    if origin not in {entry.name for entry in entries()} and not Path(origin).is_file():
        what = f"the text that it was trained on, {origin}, is not there"
        raise LabError(what, str(run.folder), "give it with --corpus PATH")
    return origin


def _differences(run: Run, text: Prepared) -> Iterator[str]:
    trained, here = run.settings, text.corpus
    if trained.sha256 != here.sha256:
        yield f"on another text: {trained.corpus} {trained.sha256[:8]}, not {here.name} {here.sha256[:8]}"
    if trained.cleaning != here.cleaning:
        yield f"with cleaning {trained.cleaning}, not {here.cleaning}"
    if trained.tokens != text.vocab.kind:
        yield f"with tokens {trained.tokens}, not {text.vocab.kind}"
    if trained.split != text.fraction:
        yield f"with split {trained.split}, not {text.fraction}"
    if run.vocab != text.vocab:
        yield f"with another vocabulary: {len(run.vocab)} tokens, not these {len(text.vocab)}"


def _remedy(*, first: bool, given: bool) -> str:
    if not first:
        return "compare it by itself, or train it again like the first run"
    if given:
        return "leave out --corpus, --clean, --tokens and --split"
    return "give its own text with --corpus PATH, or train it again"
