"""`--tokens word` and `--tokens byte` from train to sample and compare."""

import json
import math
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from rich.cells import cell_len

from cli.lab import runs
from cli.lab.texts import prepare
from cli.main import run
from rnn.metrics import evaluate

LINE = "the sea is wide, the sky is high – et la mer est bleue à l'été\n"
TEXT = LINE * 40 + "a last line says strange words"
SMALL = ["--hidden", "6", "--steps", "4", "--batch", "4", "--window", "5", "--json"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Everything happens in a folder of its own, where `shore` is a corpus."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RNN_LAB_DATA", str(tmp_path))
    (tmp_path / "shore.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def call(capsys):
    """Run a command: its output, after an exit status of 0."""

    def call(*arguments):
        capsys.readouterr()
        assert run(list(arguments)) == 0
        return capsys.readouterr().out

    return call


def rows(out):
    return [json.loads(line) for line in out.splitlines()]


def train(call, kind, name="r", *more):
    return rows(call("train", "--corpus", "shore", "--tokens", kind, "--out", name, *SMALL, *more))


@pytest.mark.parametrize("kind", ["char", "word", "byte"])
def test_a_run_keeps_its_tokens(call, kind):
    done = train(call, kind)[-1]
    tokens = json.loads(Path("r/vocabulary.json").read_text(encoding="utf-8"))
    assert runs.load("r").settings.tokens == done["tokens"] == kind
    text = prepare("shore", tokens=kind)
    assert tokens == list(text.vocab.tokens)
    assert done["vocabulary"] == len(tokens)
    saved = runs.load("r")
    assert saved.vocab == text.vocab
    measured = evaluate(saved.model, text.held_out, rng=np.random.default_rng(0))
    assert math.isclose(measured.perplexity, done["held_out_perplexity"], rel_tol=1e-6)


def test_the_default_is_characters(call):
    done = rows(call("train", "--corpus", "shore", "--out", "r", *SMALL))[-1]
    assert (done["tokens"], done["vocabulary"]) == ("char", len(set(TEXT[: int(len(TEXT) * 0.9)])) + 1)


@pytest.mark.parametrize("kind", ["word", "byte"])
def test_the_outcome_is_told_in_tokens_and_bits_per_character(call, kind):
    done = train(call, kind)[-1]
    text = prepare("shore", tokens=kind)
    arguments = [a for a in SMALL if a != "--json"]
    shown = call("train", "--corpus", "shore", "--tokens", kind, "--out", "s", *arguments, "--plain")
    assert f"{kind}s" in shown
    for part, ids, characters in (
        ("held_out", text.held_out, text.held_out_characters),
        ("train", text.training, text.training_characters),
    ):
        bits = math.log2(done[f"{part}_perplexity"]) * ids.size / characters
        assert f"{bits:.3f}" in shown
        assert f"{ids.size:,}" in shown


def test_words_go_on_after_a_prompt_joined_by_spaces(call):
    train(call, "word")
    arguments = ["sample", "r", "--length", "6", "--seed", "2"]
    for prompt in ("the sea", "the sea ", "the sea\n", ""):
        out = call(*arguments, "--prompt", prompt)
        added = out.removeprefix(prompt)
        assert out.startswith(prompt)
        assert added[0] == (" " if prompt == "the sea" else added.lstrip()[0])
        words = added.split()
        assert len(words) == 6
        assert added.strip() == " ".join(words)
        assert set(words) <= set(TEXT.split()) | {"<unk>"}
        row = json.loads(call(*arguments, "--prompt", prompt, "--json"))
        assert row["text"] == added.removesuffix("\n")


def test_bytes_are_read_as_utf8_with_replacement(call):
    train(call, "byte")
    out = json.loads(call("sample", "r", "--length", "200", "--json", "--prompt", "été 😀"))["text"]
    vocab = runs.load("r").vocab
    assert 0 < len(out) <= 200
    assert "\ufffd" in out  # a network of four updates does not write UTF-8
    again = json.loads(call("sample", "r", "--length", "200", "--json", "--prompt", "été 😀"))["text"]
    assert again == out
    assert vocab.decode(vocab.encode("été 😀")) == "été 😀"


def test_words_that_a_run_never_met_are_refused_with_the_nearest(call, capsys):
    train(call, "word")
    assert run(["sample", "r", "--prompt", "the seas are widr,"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "the prompt has 'seas', 'are', 'widr,', which" in err
    assert "use words of the text, such as sea" in err
    assert run(["sample", "r", "--prompt", " ".join(map(str, range(9)))]) == 2
    assert "'4' …, which" in capsys.readouterr().err


def unigrams(tokens, held_out):
    """Nats of the held-out tokens under adding one; V counts <unk>, which is what was never met."""
    counts = Counter(tokens)
    size = len(tokens) + len(counts) + 1
    return -sum(math.log((counts[t] + 1) / size) for t in held_out)


@pytest.mark.parametrize("kind", ["char", "word"])
def test_perplexity_is_per_token_and_bits_per_character(call, kind):
    found = rows(call("compare", "--corpus", "shore", "--tokens", kind, "--orders", "1", "--json"))
    cut = int(len(TEXT) * 0.9)
    while kind == "word" and not TEXT[cut].isspace():
        cut += 1
    parts = [TEXT[:cut].split(), TEXT[cut:].split()] if kind == "word" else [TEXT[:cut], TEXT[cut:]]
    nats = unigrams(*parts)
    row = next(row for row in found if row["model"] == "laplace 1")
    spelt = len(" ".join(parts[1])) if kind == "word" else len(parts[1])
    assert_allclose(row["held_out_perplexity"], math.exp(nats / len(parts[1])), rtol=1e-12)
    assert_allclose(row["bits_per_character"], nats / math.log(2) / spelt, rtol=1e-12)
    assert {row["tokens"] for row in found} == {kind}


def test_bytes_and_characters_hold_out_the_same_text(call):
    byte, char = (
        rows(call("compare", "--corpus", "shore", "--tokens", kind, "--orders", "1", "--json"))[0]
        for kind in ("byte", "char")
    )
    held_out = TEXT[int(len(TEXT) * 0.9) :]
    assert_allclose(byte["held_out_perplexity"], 256)
    assert_allclose(byte["bits_per_character"], 8 * len(held_out.encode()) / len(held_out))
    assert_allclose(char["bits_per_character"], math.log2(len(set(TEXT[: int(len(TEXT) * 0.9)])) + 1))


@pytest.mark.parametrize("kind", ["word", "byte"])
def test_runs_are_compared_with_the_tokens_they_were_trained_with(call, kind):
    done = train(call, kind)[-1]
    row = rows(call("compare", "r", "--orders", "1", "--json"))[-1]
    assert (row["model"], row["tokens"]) == ("run r", kind)
    assert_allclose(row["held_out_perplexity"], done["held_out_perplexity"])
    text = prepare("shore", tokens=kind)
    bits = math.log2(done["held_out_perplexity"]) * text.held_out.size / text.held_out_characters
    assert_allclose(row["bits_per_character"], bits)


@pytest.mark.parametrize("columns", [60, 120])
@pytest.mark.parametrize("kind", ["word", "byte"])
def test_the_table_says_what_is_measured(call, monkeypatch, kind, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = call("compare", "--corpus", "shore", "--tokens", kind, "--orders", "1-2")
    assert max(map(cell_len, shown.splitlines())) <= columns
    text = prepare("shore", tokens=kind)
    words = " ".join(shown.split())
    assert f"{text.training.size:,} {kind}s to train on" in words
    assert f"per {kind}; lower is better" in words
    assert "bits/char)" in words
    unseen = sum(word not in text.vocab.tokens for word in TEXT.split()[-10:])
    assert ("words never met in training" in words) == (kind == "word")
    assert kind == "byte" or f"{text.unseen} held out are words" in words
    assert text.unseen == (unseen if kind == "word" else 0)
    assert f"rnn-lab train --corpus shore --tokens {kind}" in words


def test_runs_of_different_tokens_are_not_compared(call, capsys):
    train(call, "word", "a")
    train(call, "char", "b")
    for arguments, says in (
        (["a", "b"], "run b was trained with tokens char, not word; b; compare it by itself"),
        (
            ["a", "--tokens", "byte"],
            "run a was trained with tokens word, not byte; a; leave out --corpus, --clean, --tok",
        ),
        (["--tokens", "x", "--corpus", "shore"], "'x' is not one of"),
    ):
        assert run(["compare", *arguments]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert says in err


def test_words_need_two_parts_of_words(folder, capsys):
    (folder / "one.txt").write_text("a-single-word-that-is-rather-long")
    assert run(["train", "--corpus", "one.txt", "--tokens", "word"]) == 2
    assert re.search(r"of 1 words leaves none to hold out; split; ", capsys.readouterr().err)


@pytest.mark.parametrize(
    "raw", ["时间机器" * 60, "a\f\x0b b\x1c\u2028c\r\n\r\n" * 30, "👩‍👩‍👧 👍🏽 e\u0301 " * 40, "سلام دنیا " * 60]
)
@pytest.mark.parametrize("kind", ["char", "word", "byte"])
def test_texts_of_any_kind(call, folder, capsys, raw, kind):
    (folder / "any.txt").write_bytes(raw.encode())
    if kind == "word" and not raw.split()[1:]:
        assert run(["data", "show", "any.txt", "--tokens", kind]) == 2
        assert "leaves none to hold out" in capsys.readouterr().err
        return
    shown = call("data", "show", "any.txt", "--tokens", kind)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)
    assert rows(call("compare", "--corpus", "any.txt", "--tokens", kind, "--orders", "1", "--json"))[1][
        "train_perplexity"
    ]
