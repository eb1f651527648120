"""ε, discounts, weights and orders are chosen on the development part, and on nothing else."""

import random

import numpy as np
import pytest
from compare_cases import bigram, halves, ninths, perplexity, rows
from numpy.testing import assert_allclose

from cli.lab import comparison
from cli.lab.comparison import choosing, measuring
from rnn.baselines import NGram
from rnn.baselines.counts import count
from rnn.baselines.interpolation import learn_weights

GRID = 10.0 ** np.arange(-4, 4.01, 0.05)


def planted():
    """A rule, then a development part that breaks it, then a test part that keeps it."""
    toss = random.Random(0)
    fitted, development, test = "ab" * 200, "".join(toss.choice("ab") for _ in range(50)), "ab" * 25
    text = fitted + development + test
    assert halves(text) == (fitted + development, test)
    assert ninths(fitted + development) == (fitted, development)
    return text


@pytest.mark.parametrize("smoothing", ["lidstone", "d2l"])
def test_the_chosen_epsilon_is_the_development_part_s_and_not_the_test_part_s(compare, folder, smoothing):
    (folder / "planted.txt").write_text(planted())
    arguments = ["--corpus", "planted", "--orders", "2", "--smoothing", smoothing, "--json"]
    epsilon = rows(compare(*arguments))[f"{smoothing} 2"]["settings"]["epsilon"]
    training, test = halves(planted())
    fitted, development = ninths(training)

    def best(counted, part):
        losses = [perplexity(part, bigram(smoothing, counted, 3, e)) for e in GRID]
        return GRID[int(np.argmin(losses))], min(losses)

    wanted, loss = best(fitted, development)
    assert best(training, test)[0] < wanted / 100, "the case is planted well"
    assert perplexity(development, bigram(smoothing, fitted, 3, epsilon)) < 1.001 * loss
    assert 0.7 < epsilon / wanted < 1.4


@pytest.mark.parametrize("smoothing", ["absolute", "kneser-ney"])
def test_the_chosen_discount_is_the_best_of_a_fine_grid(compare, smoothing):
    found = rows(compare("--corpus", "story", "--orders", "3", "--smoothing", smoothing, "--json"))[f"{smoothing} 3"]
    plan = comparison.plan(corpus="story", orders="3")
    size = len(plan.text.vocab)

    def loss(d):
        model = NGram(3, smoothing, discount=d).fit(plan.fitted, vocabulary=size)
        return -model.log_probs(plan.development).mean()

    assert loss(found["settings"]["discount"]) <= min(loss(d) for d in np.arange(0.01, 0.995, 0.01)) + 1e-3
    assert_allclose(found["development_perplexity"], np.exp(loss(found["settings"]["discount"])))


def test_weights_are_learnt_from_the_rest_and_the_development_part(compare):
    found = rows(compare("--corpus", "story", "--orders", "1-3", "--smoothing", "jelinek-mercer", "--json"))
    plan = comparison.plan(corpus="story")
    for order in (1, 2, 3):
        wanted = learn_weights(count(plan.fitted, len(plan.text.vocab), order), plan.development)
        assert_allclose(found[f"jelinek-mercer {order}"]["settings"]["weights"], wanted)


def test_the_test_part_decides_nothing(compare, folder):
    """Two texts that differ only in what is held out: the same choices, the same order preferred."""
    story = (folder / "story.txt").read_text()
    cut = int(len(story) * 0.9)
    (folder / "other.txt").write_text(story[:cut] + "za" * ((len(story) - cut) // 2))
    mine, theirs = (rows(compare("--corpus", name, "--json")) for name in ("story", "other"))
    keys = ("settings", "development_perplexity", "train_perplexity")
    assert [[row[k] for k in keys] for row in mine.values()] == [[row[k] for k in keys] for row in theirs.values()]
    assert mine["kneser-ney 3"]["held_out_perplexity"] < theirs["kneser-ney 3"]["held_out_perplexity"] - 1


def test_what_is_chosen_never_makes_the_unseen_impossible(compare):
    """Nothing new stands in this development part, and something in the part held out."""
    found = rows(compare("--corpus", "story", "--json"))
    assert {row["smoothing"] for row in found.values() if row["zero_events"]} == {"mle"}


class Poison:
    """Ids that nobody may look at."""

    def __getattr__(self, name):
        raise AssertionError(f"the part held out was read: {name}")


def test_choosing_never_reads_the_part_held_out(monkeypatch):
    """With poison there all is chosen and tried, until the first model is measured on it."""
    plan = comparison.plan(corpus="story", orders="2")
    object.__setattr__(plan.text, "held_out", Poison())
    made = []
    choose = choosing.choose
    monkeypatch.setattr(measuring, "choose", lambda *given: made.append(choose(*given)) or made[-1])
    monkeypatch.setattr(measuring, "_uniform", lambda meter: None)
    held_out = []
    monkeypatch.setattr(measuring._Meter, "held_out", lambda self, label, model: held_out.append(label))
    assert len(list(comparison.measure(plan, seed=0))) == 1 + len(plan.smoothings) == 1 + len(held_out)
    assert len(made) == 2 * len(plan.smoothings)  # once to have the kernels ready
    monkeypatch.undo()
    with pytest.raises(AssertionError, match="held out was read"):
        list(comparison.measure(plan, seed=0))


def test_epsilon_by_hand_reaches_the_models(compare):
    arguments = ["--corpus", "story", "--orders", "1", "--smoothing", "lidstone", "--json"]
    few, many = (rows(compare(*arguments, "--epsilon", e))["lidstone 1"] for e in ("1e-3", "1e12"))
    assert (few["settings"], many["settings"]) == ({"epsilon": 1e-3}, {"epsilon": 1e12})
    assert few["train_perplexity"] < many["train_perplexity"]
    assert_allclose(many["train_perplexity"], len(set(halves()[0])) + 1, rtol=1e-6)


def test_estimated_discounts_and_their_fallbacks_are_told(compare):
    found = rows(compare("--corpus", "story", "--orders", "3", "--smoothing", "modified-kneser-ney", "--json"))
    settings = found["modified-kneser-ney 3"]["settings"]
    plan = comparison.plan(corpus="story")
    model = NGram(3, "modified-kneser-ney").fit(plan.text.training, vocabulary=len(plan.text.vocab))
    assert settings["discounts"] == [list(one.values) for one in model.discounts]
    assert settings["fallbacks"] == {str(k): one.fallback for k, one in enumerate(model.discounts, 1) if one.fallback}
    assert settings["fallbacks"]


def test_the_preferred_order_is_the_development_part_s(compare):
    plan = comparison.plan(corpus="story")
    found = tuple(comparison.measure(plan, seed=0))
    for kind, row in comparison.preferred(found).items():
        tried = [one.development.nats for one in found if one.kind == kind]
        assert row.order == 1 + int(np.argmin(tried))
