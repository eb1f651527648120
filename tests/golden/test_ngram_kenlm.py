"""n-grams and ARPA files against KenLM; the script beside this file made the numbers, which KenLM holds in float32."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnn.baselines import NGram, read_arpa, write_arpa
from rnn.baselines.climbing import adjusted
from rnn.baselines.discounts import modified_discounts

GOLDEN = json.loads(Path(__file__).with_name("ngram_kenlm.json").read_text(encoding="utf-8"))


def fitted(**settings):
    """The tokens of the text, then </s>, which ends it, and <unk>."""
    case = GOLDEN["one_text"]
    model = NGram(case["order"], "modified-kneser-ney", **settings)
    return model.fit([*case["text"], case["tokens"]], vocabulary=case["tokens"] + 2)


def estimated():
    return [tuple(map(float, row)) for row in GOLDEN["one_text"]["discounts"]]


def test_modified_kneser_ney_with_kenlms_discounts():
    """lmplz prints six digits of its discounts."""
    model = fitted(discount=estimated())
    for context, word, score in GOLDEN["one_text"]["events"]:
        assert np.log10(model.next_distribution(context)[word]) == pytest.approx(score, abs=3e-6), (context, word)


def test_kenlms_discounts_are_estimated_again():
    """lmplz counts one gram more at each order above the first, <s> …. With all their digits, scores agree to 1e-6."""
    counts = fitted().counts
    found = [modified_discounts(adjusted(counts, 1))]
    found += [modified_discounts(np.append(adjusted(counts, k), 1)) for k in range(2, counts.order + 1)]
    assert_allclose([discount.values for discount in found], estimated(), rtol=1e-5)
    model = fitted(discount=[discount.values for discount in found])
    scores = [np.log10(model.next_distribution(context)[word]) for context, word, _ in GOLDEN["one_text"]["events"]]
    assert_allclose(scores, [score for _, _, score in GOLDEN["one_text"]["events"]], rtol=0, atol=1e-6)


@pytest.fixture
def sentences(tmp_path):
    path = tmp_path / "kenlm.arpa"
    path.write_text(GOLDEN["sentences"]["arpa"], encoding="utf-8")
    return read_arpa(path)


def test_a_file_of_kenlms_is_read(sentences):
    """From <s> on: the state of an empty context is that of <s>; words that are not there are <unk>."""
    tokens, model = sentences
    assert tokens == ("<unk>", "</s>", "a", "b", "c")
    for line, scores in GOLDEN["sentences"]["scores"].items():
        ids = [tokens.index(word if word in tokens else "<unk>") for word in [*line.split(), "</s>"]]
        assert_allclose(model.log_probs(ids) / np.log(10), scores, rtol=0, atol=1e-6)
        rows = [model.next_distribution(ids[:t])[token] for t, token in enumerate(ids)]
        assert_allclose(np.log10(rows), scores, rtol=0, atol=1e-6)
        assert model.next_distribution(ids).sum() == pytest.approx(1, abs=1e-6)


def test_what_was_read_is_written_again(sentences, tmp_path):
    write_arpa(tmp_path / "again.arpa", sentences.model, sentences.tokens)
    again = read_arpa(tmp_path / "again.arpa")
    assert again.tokens == sentences.tokens
    ids = np.random.default_rng(0).integers(0, 5, 100)
    assert_allclose(again.model.log_probs(ids), sentences.model.log_probs(ids), rtol=1e-7)


def test_kenlm_reads_what_is_written_here():
    case = GOLDEN["written"]
    model = NGram(3, "kneser-ney").fit(case["text"], vocabulary=6)
    assert_allclose(model.log_probs(case["asked"]) / np.log(10), case["scores"], rtol=0, atol=1e-6)
