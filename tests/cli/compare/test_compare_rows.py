"""The rows against perplexities counted in plain Python."""

import json
import math
from itertools import pairwise
from pathlib import Path

import pytest
from compare_cases import KEYS, bigram, halves, ninths, perplexity, rows
from numpy.testing import assert_allclose

from rnn.baselines import SMOOTHINGS
from rnn.baselines.smoothing import SCORES
from rnn.checkpoint import load_arrays


@pytest.mark.parametrize("given", [["--epsilon", "2"], []])
def test_rows_equal_counting_in_plain_python(compare, given):
    """On all three parts, with ε by hand and with the chosen one; each part begins with nothing before it."""
    names = ["mle", "laplace", "lidstone", "d2l"]
    found = rows(compare("--corpus", "story", "--orders", "2", *(f"--smoothing={n}" for n in names), *given, "--json"))
    training, held_out = halves()
    fitted, development = ninths(training)
    vocabulary = len(set(training)) + 1
    assert list(found) == ["uniform", *(f"{name} 2" for name in names)]
    for part in ("development", "train", "held_out"):
        assert_allclose(found["uniform"][f"{part}_perplexity"], vocabulary)
    for smoothing in names:
        row = found[f"{smoothing} 2"]
        epsilon = row["settings"].get("epsilon", 1.0)
        assert epsilon == (2 if given and smoothing in ("lidstone", "d2l") else epsilon)
        tried, whole = (bigram(smoothing, part, vocabulary, epsilon) for part in (fitted, training))
        for part, p, key in ((development, tried, "development"), (training, whole, "train"), (held_out, whole, None)):
            expected, value = perplexity(part, p), row[f"{key or 'held_out'}_perplexity"]
            assert value is None if math.isinf(expected) else math.isclose(value, expected, rel_tol=1e-12)
        zeros = sum(whole(held_out[max(i - 1, 0) : i], w) == 0 for i, w in enumerate(held_out))
        assert row["zero_events"] == zeros
        if not zeros:
            assert_allclose(row["bits_per_character"], math.log2(perplexity(held_out, whole)), rtol=1e-12)
        assert row["size"] == len(set(training)) + len(set(pairwise(training)))
    assert found["mle 2"]["zero_events"] > 0


def test_json_keys_and_the_reason_beside_a_null(compare):
    for row in rows(compare("--corpus", "story", "--orders", "1-3", "--json")).values():
        assert [key for key in row if not key.endswith("_reason")] == KEYS
        assert row["seconds"] > 0
        assert row["context"] == "carry"
        infinite = row["held_out_perplexity"] is None
        assert infinite == (row["zero_events"] > 0) == (row["bits_per_character"] is None)
        if infinite:
            assert row["held_out_perplexity_reason"] == row["bits_per_character_reason"] == "infinite"


def test_without_names_all_that_give_probabilities_are_measured_by_all_orders(compare):
    found = rows(compare("--corpus", "story", "--json"))
    wanted = [(name, order) for name in SMOOTHINGS if name not in SCORES for order in range(1, 7)]
    assert [(row["smoothing"], row["order"]) for row in found.values()][1:] == wanted


def test_rows_are_complete_and_in_order(compare):
    arguments = ["--orders", "2-4", *(f"--smoothing={name}" for name in ("lidstone", "d2l-chain", "lidstone"))]
    found = rows(compare("--corpus", "story", *arguments, "--json"))
    expected = [f"{name} {order}" for name in ("lidstone", "d2l-chain") for order in (2, 3, 4)]
    assert list(found) == ["uniform", *expected]
    assert [(row["smoothing"], row["order"]) for row in found.values()][1:3] == [("lidstone", 2), ("lidstone", 3)]
    assert (found["uniform"]["order"], found["uniform"]["smoothing"], found["uniform"]["size"]) == (None, None, 0)


def test_a_model_is_the_same_whatever_it_is_compared_with(compare):
    """Counts are shared, random numbers too: a row must not notice."""
    alone = rows(compare("--corpus", "story", "--orders", "3", "--smoothing", "kneser-ney", "--json"))
    among = rows(compare("--corpus", "story", "--orders", "1-5", "--seed", "9", "--json"))
    assert alone["kneser-ney 3"] | {"seconds": 0} == among["kneser-ney 3"] | {"seconds": 0}


def test_a_run_is_measured_as_train_said_on_the_text_it_was_trained_beside(compare, train):
    done = json.loads(train("a", "--split", "0.8"))
    found = rows(compare("a", "--orders", "1", "--smoothing", "mle", "--json"))
    assert list(found)[-1] == "run a"
    row = found["run a"]
    assert_allclose(row["train_perplexity"], done["train_perplexity"])
    assert_allclose(row["held_out_perplexity"], done["held_out_perplexity"])
    weights, _ = load_arrays(Path("a", "last.safetensors"))
    assert row["size"] == sum(w.size for w in weights.values())
    assert row["order"] is row["smoothing"] is row["development_perplexity"] is None
    assert "development part" in row["development_perplexity_reason"]
    assert_allclose(found["uniform"]["held_out_perplexity"], done["vocabulary"])


def test_runs_of_one_name_are_told_apart(compare, folder, train):
    (folder / "x").mkdir()
    train("a"), train("x/a")
    found = rows(compare("a", "x/a/", "--orders", "1", "--smoothing", "mle", "--json"))
    assert [name for name in found if name.startswith("run")] == ["run a", "run x/a"]
