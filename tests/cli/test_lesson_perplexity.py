"""The lesson on perplexity: what is particular to it, and what breaks its claims."""

import math
from functools import cache, partial

import lesson_cases
import numpy as np
import pytest
from lesson_cases import check_code_is_short, drawn, forgetting, replaced

import data.corpus
import rnn.metrics
from cli.lab import lessons
from cli.lab.experiments import conduct
from cli.lab.figures import Traces
from cli.lessons.ngrams import book
from cli.lessons.perplexity import anchors, coding, honest, predictors, raining, reading
from cli.lessons.perplexity.coding import decode, encode
from cli.lessons.perplexity.predictors import ByHeart, Coin, as_written, counts
from rnn.baselines import SMOOTHINGS, NGram, Uniform
from rnn.metrics import evaluate

LESSON = lessons.load("perplexity")
failing, fails = partial(lesson_cases.failing, LESSON), partial(lesson_cases.fails, LESSON)
afresh = forgetting(book._read, autouse=True)


@cache
def found(name):
    """What the pages show."""
    return conduct(LESSON.experiments[name], seed=0)


def test_it_claims_much():
    claims = [c for name in LESSON.experiments for c in found(name).claims]
    assert len(claims) >= 50
    assert all(c.holds for c in claims)


@pytest.mark.parametrize("seed", range(3, 13))
def test_it_holds_for_more_seeds(seed):
    for name in ("coin", "raining"):
        assert failing(name, seed) == [], name


# What is wrong is noticed


def test_a_reader_who_knows_no_more_than_letters_is_noticed(monkeypatch):
    for module in (predictors, reading, anchors, raining, honest):
        monkeypatch.setattr(module, "counts", predictors.letters, raising=False)
    assert fails("reading", "who has counted, to who knows the letters")
    assert fails("raining", "counts: bananas above outside")
    assert fails("means", "the geometric, to the harmonic") is False
    assert fails("coded", "who has counted spares")


@pytest.mark.parametrize(
    ("id", "right", "wrong", "part"),
    [
        ("SMOOTHING-7", "y[t - 1].T @ Q @ y[t]", "y[t].T @ Q @ y[t - 1]", "SMOOTHING-7 and 8"),
        ("SMOOTHING-8", "1 / tau", "1 / (tau + 1)", "SMOOTHING-7 and 8"),
        ("SMOOTHING-9", "np.exp(L)", "2 ** L", "SMOOTHING-9"),
    ],
)
def test_a_wrong_equation_is_noticed(id, right, wrong, part, monkeypatch):
    replaced(monkeypatch, id, right, wrong)
    assert fails("reading", part)


def test_a_perplexity_in_other_units_is_noticed(monkeypatch):
    monkeypatch.setattr(rnn.metrics, "perplexity", lambda nats: 2.0**nats)
    assert fails("reading", "perplexity and exp(nats)")
    assert fails("means", "the geometric mean, and perplexity")
    assert fails("anchors", "off V by")
    assert fails("units", "log₂ of the perplexity")


def test_probabilities_above_one_are_noticed(monkeypatch):
    right = NGram.log_probs
    monkeypatch.setattr(NGram, "log_probs", lambda *given: right(*given) + 1)
    assert fails("lengths", "rises at most by")


def test_a_reader_who_gets_tired_is_noticed(monkeypatch):
    right = NGram.log_probs
    monkeypatch.setattr(NGram, "log_probs", lambda self, ids: right(self, ids) * np.linspace(1, 2, len(ids)))
    assert fails("lengths", "half of the text and all of it")


@pytest.mark.parametrize("wrong", [0, 2])
def test_another_mean_is_noticed(wrong, monkeypatch):
    right = reading.means_of

    def turned(choices):
        found = list(right(choices))
        found[1], found[wrong] = found[wrong], found[1]
        return tuple(found)

    monkeypatch.setattr(reading, "means_of", turned)
    assert fails("means", "the geometric mean, and perplexity")


def test_a_reader_who_forgets_is_noticed(monkeypatch):
    monkeypatch.setattr(anchors, "ByHeart", lambda text, size: Uniform(size))
    assert fails("anchors", "by heart: perplexity less 1")
    assert fails("anchors", "on another text")


def test_a_model_that_rules_nothing_out_is_noticed(monkeypatch):
    monkeypatch.setitem(SMOOTHINGS, "mle", SMOOTHINGS["witten-bell"])
    assert fails("anchors", "ruled out: one divided")
    assert fails("anchors", "that they cannot come")


def test_a_model_that_adds_more_is_noticed(monkeypatch):
    monkeypatch.setitem(SMOOTHINGS, "lidstone", SMOOTHINGS["laplace"])
    assert fails("anchors", "sure, and wrong")


def test_a_coin_of_another_kind_is_noticed(monkeypatch):
    right = Coin.next_distribution
    monkeypatch.setattr(Coin, "next_distribution", lambda self, context: right(self, context)[::-1])
    assert fails("coin", "the lowest point is where the coin is")
    assert fails("coin", "exp of the coin's entropy")
    assert fails("coin", "above 2 by")


def test_more_than_there_is_to_give_is_noticed(monkeypatch):
    monkeypatch.setattr(Coin, "next_distribution", lambda self, _: 1.05 * np.array([1 - self.heads, self.heads]))
    assert fails("coin", "exp of the entropy of what came")
    assert fails("coin", "fair: perplexity")


def test_a_temperature_without_effect_is_noticed(monkeypatch):
    monkeypatch.setattr(anchors, "sharpened", lambda log_p, temperature: log_p)
    assert fails("too_sure", "an eighth: perplexity")
    assert fails("too_sure", "an eighth: how sure")
    assert fails("too_sure", "which it comes near to")


def test_a_model_that_is_sharpened_already_is_noticed(monkeypatch):
    right = anchors.sharpened
    monkeypatch.setattr(anchors, "sharpened", lambda log_p, temperature: right(log_p, temperature / 3))
    assert fails("too_sure", "to the best temperature tried")
    assert fails("too_sure", "as it is: how sure")


def test_a_network_with_opinions_is_noticed(monkeypatch):
    class Opinionated(raining.LanguageModel):
        def __call__(self, ids, state=None):
            scores, state = super().__call__(ids, state)
            return scores * 20, state

    monkeypatch.setattr(raining, "LanguageModel", Opinionated)
    assert fails("raining", "untrained: all three within") or fails("raining", "off log V")


def test_a_continuation_judged_with_its_beginning_is_noticed(monkeypatch):
    monkeypatch.setattr(raining, "continued", lambda model, it, text: model.log_probs(it.vocab.encode(text[:3])))
    assert failing("raining") != []


def test_a_coder_that_loses_letters_is_noticed(monkeypatch):
    monkeypatch.setattr(coding, "decode", lambda number, *rest: decode(number >> 1 << 2, *rest))
    assert fails("coded", "letters that do not come back")


def test_a_coder_that_wastes_bits_is_noticed(monkeypatch):
    def wasteful(ids, tables):
        number, bits = encode(ids, tables)
        return number << 1, bits + 1

    monkeypatch.setattr(coding, "encode", wasteful)
    assert fails("coded", "at the most")
    assert not fails("coded", "letters that do not come back")


def test_a_coder_that_spares_bits_is_noticed(monkeypatch):
    def sparing(ids, tables):
        number, bits = encode(ids, tables)
        return number >> 2, bits - 2

    monkeypatch.setattr(coding, "encode", sparing)
    assert fails("coded", "and at the least")
    assert fails("coded", "letters that do not come back")


def test_characters_that_are_miscounted_are_noticed(monkeypatch):
    right = honest.evaluate
    monkeypatch.setattr(honest, "evaluate", lambda *given, characters=None, **rest: right(*given, **rest))
    assert fails("units", "tokens per letter")
    assert fails("units", "to those of letters")


def test_a_cleaning_that_does_nothing_is_noticed(monkeypatch):
    right = honest.prepare
    monkeypatch.setattr(honest, "prepare", lambda name, clean, tokens: right(name, clean="none", tokens=tokens))
    assert fails("units", "cleaning takes away")


def test_a_text_of_its_own_that_is_another_is_noticed(monkeypatch):
    right = honest.Split
    monkeypatch.setattr(honest, "Split", lambda learn, ask, size: right(learn, as_written(0).whole.ask, size))
    assert fails("own_text", "on its own text")


def test_a_measure_that_lets_others_look_ahead_is_noticed(monkeypatch):
    monkeypatch.setattr(rnn.metrics, "_refuse_foresight", lambda *given: None)
    assert failing("looking_ahead") == ["evaluate refuses it"]


def test_a_model_that_does_not_look_ahead_is_noticed(monkeypatch):
    monkeypatch.setattr(honest, "both_sides", counts)
    assert len(failing("looking_ahead")) == 2


def test_evaluate_lets_honest_readers_pass():
    it = as_written(0)
    for model in (*predictors.three(it).values(), ByHeart(it.whole.ask, it.whole.vocabulary)):
        assert evaluate(model, it.whole.ask, rng=np.random.default_rng(0)).tokens == it.whole.ask.size


# What is shown


def test_code_on_the_page_is_short():
    check_code_is_short(LESSON, "encode", "decode")


def test_the_passage_begins_with_a_sentence_and_has_a_bar_for_each_letter():
    figure = found("reading").figures[0]
    assert isinstance(figure, Traces)
    assert figure.text[0].isupper()
    it = as_written(0)
    text = it.vocab.decode(it.whole.ask)
    begin = text.index(figure.text)
    for name, values in figure.rows:
        assert len(values) == len(figure.text)
        model = predictors.three(it)[name]
        assert values == pytest.approx(-model.log_probs(it.whole.ask)[begin : begin + len(values)] / math.log(2) / 12)


elsewhere = pytest.mark.skipif(data.corpus.find("time-machine").path is None, reason="the text is not here")


@elsewhere
@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in LESSON.experiments if n != "coin"])
def test_it_holds_for_the_other_book(name):
    assert failing(name, book=1) == []
    figures = drawn(conduct(LESSON.experiments[name], seed=0, settings={"book": 1}))
    assert "…" not in figures.replace("raining …", "")
