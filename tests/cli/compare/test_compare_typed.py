"""`--text`: what each model says of every token of a typed text."""

import json
import re

import numpy as np
import pytest
from compare_cases import rows
from numpy.testing import assert_allclose
from rich.cells import cell_len

from cli.lab import comparison, runs
from cli.render.typed import BOUNDS, SHADES, label
from rnn.baselines import NGram

TYPED = "the cat é"


def test_probabilities_are_next_distributions_step_by_step(compare, train):
    train("a")
    found = rows(compare("a", "--text", TYPED, "--orders", "3", "--json"))
    plan = comparison.plan(corpus="story")
    ids = plan.text.vocab.encode(TYPED)
    models = {"run a": runs.load("a").model}
    for name in ("kneser-ney", "katz", "laplace"):
        models[f"{name} 3"] = NGram(
            3, name, discount=found[f"{name} 3"]["settings"].get("discount")
        ).fit(plan.text.training, vocabulary=len(plan.text.vocab))  # fmt: skip
    for name, model in models.items():
        step_by_step = [model.next_distribution(ids[:t])[ids[t]] for t in range(ids.size)]
        assert_allclose(found[name]["probabilities"], step_by_step, rtol=1e-5 if name == "run a" else 1e-12)
    for row in found.values():
        assert row["text"] == TYPED
        assert row["text_tokens"] == list(TYPED)
        assert row["text_unknown"] == ["é"]
        assert len(row["probabilities"]) == len(TYPED)


def test_words_and_bytes_are_tokens_too(compare):
    words = rows(compare("--corpus", "story", "--tokens", "word", "--text", "the  cat mews", "--orders=1", "--json"))
    assert words["laplace 1"]["text_tokens"] == ["the", "cat", "mews"]
    assert words["laplace 1"]["text_unknown"] == ["mews"]
    read = rows(compare("--corpus", "story", "--tokens", "byte", "--text", "é", "--orders=1", "--json"))
    assert read["laplace 1"]["text_tokens"] == ["<0xC3>", "<0xA9>"]
    assert read["laplace 1"]["text_unknown"] == []


def table(lines, first):
    """The lines of one model after another, by name, without it."""
    return {line[1 : first - 1].strip(): line[first:] for line in lines}


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_numbers_are_the_probabilities_in_per_cent(compare, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    arguments = ["--corpus", "story", "--orders", "1-3", "--smoothing", "mle", "--text", "the cat "]
    lines = compare(*arguments)
    head = next(i for i, line in enumerate(lines) if line.split() == list("the␣cat␣"))
    for name, row in rows(compare(*arguments, "--json")).items():
        line = next(line for line in lines[head:] if line.startswith(f" {name} "))
        shown = line.removeprefix(f" {name}").split()
        exact = [0 if p == 0 else "<1" if p < 0.005 else min(100 * p, 99) for p in row["probabilities"]]
        assert len(shown) == len(exact)
        for one, p in zip(shown, exact, strict=True):
            assert one == p if isinstance(p, str) else abs(int(one) - p) <= 0.5
        assert [line.index(one) for one in shown[:1]]
        assert len(line) == len(lines[head]), "numbers end below their tokens"


@pytest.mark.parametrize("columns", [60, 80])
def test_shades_are_the_probabilities_where_numbers_have_no_room(compare, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = "the cat sat on the 漢字 mat and the cat chased that rat\taround the vat until the end of it"
    arguments = ["--corpus", "story", "--orders", "3", "--smoothing", "laplace", "--smoothing", "mle", "--text", text]
    lines = compare(*arguments)
    assert max(map(cell_len, lines)) <= columns
    for name, row in rows(compare(*arguments, "--json")).items():
        heads = [i for i, line in enumerate(lines) if i and re.match(r"\s{5,}\S", line) and "uniform" in lines[i + 1]]
        letters, shades = "", ""
        for i in heads:
            line = next(line for line in lines[i + 1 :] if line.startswith(f" {name}"))
            start = cell_len(lines[i]) - cell_len(lines[i].lstrip())
            letters += lines[i].strip()
            shades += line[start:].ljust(cell_len(lines[i]) - start)
        assert letters == text.replace(" ", "␣").replace("\t", "⇥")
        expected = "".join(
            SHADES[sum(p >= b for b in BOUNDS)] * cell_len(letter)
            for p, letter in zip(row["probabilities"], letters, strict=True)
        )
        assert shades == expected


def test_characters_outside_the_vocabulary_are_said(compare):
    shown = " ".join(" ".join(compare("--corpus", "story", "--text", "thé\x01 ß", "--orders", "1")).split())
    assert r"unknown 'é', '\x01', 'ß': not in the vocabulary, so what is shown is P(<unk>)" in shown
    assert "unknown" not in " ".join(compare("--corpus", "story", "--text", "the", "--orders", "1"))


@pytest.mark.parametrize(
    ("token", "shown"),
    [(" ", "␣"), ("\n", "↵"), ("a", "a"), ("漢", "漢"), ("\u0301", "�"), ("\x1b", "�"), ("\ud800", "�"),
     ("a-very-long-word", "a-very-long…"), ("<0xC3>", "<0xC3>")],
)  # fmt: skip
def test_a_token_takes_a_known_number_of_columns(token, shown):
    assert label(token) == shown
    assert cell_len(shown) >= 1


def test_any_text_at_all_can_be_typed(compare, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    rng = np.random.default_rng(0)
    for _ in range(3):
        text = "".join(chr(c) for c in rng.integers(1, 0x2FFFF, 60) if not 0xD800 <= c < 0xE000)
        lines = compare("--corpus", "story", "--text", text, "--orders", "2", "--smoothing", "katz")
        assert max(map(cell_len, lines)) <= 60
        json.loads(compare("--corpus", "story", "--text", text, "--orders", "2", "--json")[-1])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--text", ""], "there is no character in the text; --text; type at least one"),
        (["--text", " \n", "--tokens", "word"], "there is no word in the text; --text; type at least one word"),
    ],
)
def test_nothing_typed_is_refused(refused, arguments, says):
    refused(["--corpus", "story", *arguments], says)
