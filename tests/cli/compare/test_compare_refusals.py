"""What cannot be compared, in one line each."""

import json

import numpy as np
import pytest
from compare_cases import TEXT, rows

from cli.main import run
from rnn.checkpoint import load_arrays, save_arrays


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--corpus", "stori"], "did you mean story"),
        (["--corpus", "."], "this is a folder"),
        (["--corpus", "empty.txt"], "the file is empty"),
        (["--corpus", "latin.txt"], "not UTF-8"),
        (
            ["--corpus", "short.txt"],
            "order 6 is longer than the training part of 3 characters; short; lower --orders to 3",
        ),
        (["--corpus", "one.txt"], "nothing to train on"),
        (["--corpus", "two.txt", "--orders", "1"], "a training part of 1 tokens has no development part; "),
        (["--orders", "0-3"], "'0-3' is no range of orders; --orders; "),
        (["--orders", "x"], "'x' is no range"),
        (["--orders", "5-2"], "'5-2' is no range"),
        (["--orders", "-2"], "'-2' is no range"),
        (["--orders", "1-99999999999999"], "is no range"),
        (["--orders", "999999999"], "order 999,999,999 is longer .*; lower --orders to \\d+ at most"),
        (["--smoothing", "stupid-backoff"], "stupid-backoff gives scores, which have no perplexity; --smoothing; "),
        (["--smoothing", "laplce"], "no smoothing 'laplce'; --smoothing; did you mean laplace?"),
        (["--smoothing", "zzz"], "choose from mle, laplace"),
        (["--epsilon", "-1"], "epsilon is -1.0; --epsilon; "),
        (["--epsilon", "nan"], "epsilon is nan; --epsilon; "),
        (["--epsilon", "much"], "'much' is not a valid float"),
        (["--clean", "d2lzh"], "did you mean d2l-zh"),
        (["--split", "0"], "the training fraction is 0.0"),
        (["--split", "1"], "the training fraction is 1.0"),
        (["--split", "nan"], "the training fraction is nan"),
        (["nosuch"], "there is no such run; nosuch; "),
        (["story.txt"], "there is no such run"),
        (["notrun"], "the folder is not a run"),
    ],
)
def test_bad_input_is_one_line(arguments, says, folder, refused):
    (folder / "empty.txt").write_bytes(b"")
    (folder / "latin.txt").write_bytes(b"caf\xe9")
    (folder / "short.txt").write_text("abcd")
    (folder / "one.txt").write_text("a")
    (folder / "two.txt").write_text("ab")
    (folder / "notrun").mkdir()
    refused(arguments, says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["--corpus", "the-lighthouse"],
            "run a was trained on another text: story .*, not the-lighthouse .*; a; leave out",
        ),
        (["--clean", "d2l-zh"], "run a was trained with cleaning none, not d2l-zh; a; leave out"),
        (["--split", "0.8"], "run a was trained with split 0.9, not 0.8; a; leave out"),
    ],
)
def test_a_run_is_not_measured_on_text_that_it_may_have_trained_on(arguments, says, refused, train):
    train("a")
    refused(["a", *arguments], says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--split", "0.8"], "run b was trained with split 0.8, not 0.9; b; compare it by itself"),
        (["--clean", "d2l-v1"], "run b was trained with cleaning d2l-v1, not none"),
        (["--corpus", "other.txt"], "run b was trained on another text: other"),
    ],
)
def test_runs_of_different_texts_are_not_compared(arguments, says, folder, refused, train):
    (folder / "other.txt").write_text(TEXT[::-1])
    train("a")
    train("b", *arguments)
    refused(["a", "b"], says)
    assert run(["compare", "b", "--orders", "1"]) == 0


def test_a_text_that_has_changed_or_gone_is_noticed(compare, folder, refused, train):
    train("a")
    (folder / "story.txt").rename(folder / "elsewhere.text")
    refused(
        ["a"],
        "the text that it was trained on, story, is not there; a; give it with --corpus",
    )
    assert "run a" in rows(compare("a", "--corpus", "./elsewhere.text", "--orders", "1", "--json"))
    (folder / "story.txt").write_text(TEXT + "!")
    refused(["a"], "run a was trained on another text: .*; a; give its own text with --corpus PATH")


def test_another_vocabulary_and_broken_weights_are_noticed(folder, refused, train):
    train("a")
    weights, metadata = load_arrays(folder / "a" / "last.safetensors")
    save_arrays(folder / "a" / "last.safetensors", {k: w * np.float32("nan") for k, w in weights.items()}, metadata)
    refused(["a"], "a log-probability is NaN; run a, ")
    tokens = json.loads((folder / "a" / "vocabulary.json").read_text())
    tokens[1:3] = tokens[2:0:-1]
    (folder / "a" / "vocabulary.json").write_text(json.dumps(tokens))
    refused(["a"], "another vocabulary")


def test_a_run_that_reads_the_future_is_refused_before_anything_is_computed(refused, train, monkeypatch):
    train("a", "--bidirectional")
    monkeypatch.setattr("cli.lab.comparison.measure", lambda *_, **__: pytest.fail("something was computed"))
    refused(["a"], "run a reads later tokens too, so that its perplexity means nothing; a; leave it out")
