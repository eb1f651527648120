"""The lesson on n-grams: what is particular to it, and what breaks its claims."""

from functools import cache, partial

import lesson_cases
import numpy as np
import pytest
from lesson_cases import check_code_is_short, drawn, forgetting, replaced

import data.corpus
from cli.lab import lessons
from cli.lab.experiments import conduct
from cli.lab.figures import Bars, Plot
from cli.lessons.ngrams import book, counting, rows, sweeps, tail, words
from cli.lessons.ngrams.book import Split, open_book
from cli.render.bars import bars
from rnn.baselines import SMOOTHINGS, NGram
from rnn.baselines.seen import Shares
from rnn.baselines.zipf import rank_frequency

LESSON = lessons.load("ngrams")
failing, fails = partial(lesson_cases.failing, LESSON), partial(lesson_cases.fails, LESSON)
afresh = forgetting(book._read, autouse=True)


@pytest.fixture
def few(monkeypatch):
    """Less to try, where all of it would take long."""
    for module in (rows, tail):
        monkeypatch.setattr(module, "EPSILONS", (0.03, 3.0))
    monkeypatch.setattr(rows, "_SUMMED", range(1, 4))


@cache
def found(name):
    """What the pages show."""
    return conduct(LESSON.experiments[name], seed=0)


def test_it_claims_much():
    claims = [c for name in LESSON.experiments for c in found(name).claims]
    assert len(claims) >= 70
    assert all(c.holds for c in claims)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 13))
def test_it_holds_for_more_seeds(seed):
    for name in ("writes", "sums", "unseen", "zipf"):
        assert failing(name, seed) == [], name


# What is wrong is noticed


def smoothed(monkeypatch, name, change):
    """A smoothing whose shares are changed."""
    right = SMOOTHINGS[name]
    monkeypatch.setitem(SMOOTHINGS, name, lambda seen: change(seen, right(seen)))


def test_shares_that_are_not_counted_are_noticed(monkeypatch):
    monkeypatch.setitem(SMOOTHINGS, "mle", SMOOTHINGS["laplace"])
    assert fails("what_follows", "found by going through")
    assert fails("unseen", "letters held out that pairs rule out")
    assert fails("unseen", "one divided by the perplexity")
    assert fails("writes", "n-grams that are not in the book")
    assert fails("tail", "by counts alone")


def test_a_memory_that_is_too_long_is_noticed(monkeypatch):
    right = Split.model
    monkeypatch.setattr(Split, "model", lambda self, order, *rest: right(self, max(order, 7), *rest))
    assert fails("what_follows", "leaves less open")
    assert fails("writes", "order 3: runs of four letters")
    assert fails("writes", "order 3: of what it writes, 16")
    assert fails("unseen", "each order is better")


def test_miscounted_grams_are_noticed(monkeypatch):
    right = counting.rank_frequency
    monkeypatch.setattr(counting, "rank_frequency", lambda ids, k, **rest: right(ids[: len(ids) // 2], k, **rest))
    assert fails("tables", "different pieces of the text")


@pytest.mark.parametrize(
    ("id", "right", "wrong", "part"),
    [
        ("SMOOTHING-1", "epsilon_1 / m", "epsilon_1", "SMOOTHING-1 to 3"),
        ("SMOOTHING-2", "epsilon_2 * p.T", "epsilon_2 * n.T", "as ε grows"),
        ("SMOOTHING-3", "epsilon_3 * p.T", "2 * epsilon_3 * p.T", "as ε grows"),
        ("SMOOTHING-5", "(f + epsilon_2)", "(f + 1 + epsilon_2)", "as ε vanishes"),
        ("SMOOTHING-6", "kron(u, Q_c)", "kron(Q_c, u)", "SMOOTHING-5 and 6"),
    ],
)
def test_a_wrong_equation_is_noticed(id, right, wrong, part, monkeypatch):
    replaced(monkeypatch, id, right, wrong)
    assert fails("limits", part)


@pytest.mark.usefixtures("few")
def test_rows_that_do_not_sum_to_one_are_noticed(monkeypatch):
    for name in ("witten-bell", "kneser-ney", "katz"):
        with monkeypatch.context() as patch:
            smoothed(patch, name, lambda seen, shares: shares._replace(p=shares.p * (1 - 1e-9)))
            assert failing("sums") == ["rows of exact forms: the largest distance from 1"]


@pytest.mark.usefixtures("few")
def test_a_printed_form_that_is_not_short_is_noticed(monkeypatch):
    monkeypatch.setitem(SMOOTHINGS, "d2l", SMOOTHINGS["d2l-chain"])
    assert fails("sums", "lacks 1/(n(x) + ε₂)")
    assert fails("chained", "chained to printed")
    assert fails("chained", "harms the printed form")


@pytest.mark.usefixtures("few")
def test_a_chain_that_leans_on_single_letters_is_noticed(monkeypatch):
    monkeypatch.setitem(SMOOTHINGS, "d2l-chain", SMOOTHINGS["d2l"])
    assert fails("chained", "the lines above")
    assert fails("chained", "the best chained")
    assert fails("limits", "SMOOTHING-5 and 6")


def test_zero_over_zero_that_is_uniform_is_noticed(monkeypatch):
    smoothed(monkeypatch, "d2l-chain", lambda seen, shares: shares._replace(leans=0) if seen.order == 3 else shares)
    assert fails("limits", "ε = 0 after pairs never seen")


@pytest.mark.usefixtures("few")
def test_an_epsilon_that_is_not_heard_is_noticed(monkeypatch):
    monkeypatch.setitem(SMOOTHINGS, "lidstone", SMOOTHINGS["laplace"])
    assert fails("epsilons", "both ends are above")
    assert fails("epsilons", "adding one, to adding")
    assert fails("contest", "to adding one") is False


@pytest.mark.usefixtures("few")
def test_a_smoothing_that_needs_no_choice_is_noticed(monkeypatch):
    monkeypatch.setitem(SMOOTHINGS, "lidstone", SMOOTHINGS["kneser-ney"])
    assert fails("orders", "and below the longest")
    assert fails("orders", "the longest order, to the best")
    assert fails("sizes", "with the shortest text order 6")
    assert fails("contest", "to the best add-ε")
    assert fails("contest", "chosen on the held-out part itself")
    assert fails("counted_words", "to the best of adding anything")


def test_choosing_on_the_text_that_is_counted_is_noticed(monkeypatch):
    right = book._read.__wrapped__

    def careless(*asked):
        it = right(*asked)
        return book.Book(it.name, it.vocab, it.whole, Split(it.whole.learn, it.whole.learn, it.whole.vocabulary))

    monkeypatch.setattr(book, "_read", careless)
    assert fails("epsilons", "without the held-out part costs")


def test_texts_that_are_all_as_long_are_noticed(monkeypatch):
    right = sweeps.Split
    monkeypatch.setattr(sweeps, "Split", lambda learn, *rest: right(open_book(0).whole.learn, *rest))
    assert fails("sizes", "with the shortest text the best order is")


@pytest.mark.usefixtures("few")
def test_kneser_and_ney_by_plain_counts_are_noticed(monkeypatch):
    monkeypatch.setitem(SMOOTHINGS, "kneser-ney", SMOOTHINGS["absolute"])
    assert fails("before_it", "the lines below")
    assert fails("before_it", "the first word")
    assert fails("before_it", "the last word")
    assert fails("contest", "three discounts, to one") is False
    assert fails("contest", "to the best add-ε")


def test_kneser_and_ney_that_add_one_are_noticed(monkeypatch):
    monkeypatch.setitem(SMOOTHINGS, "kneser-ney", SMOOTHINGS["laplace"])
    assert fails("tail", "by Kneser and Ney")
    assert fails("counted_words", "Kneser–Ney: pairs")


def test_a_laplace_that_adds_hardly_anything_is_noticed(monkeypatch):
    monkeypatch.setitem(SMOOTHINGS, "laplace", SMOOTHINGS["witten-bell"])
    assert fails("tail", "Laplace expects of these")
    assert fails("tail", "by Laplace")
    assert fails("counted_words", "adding one: pairs")


@pytest.mark.usefixtures("few")
def test_three_discounts_that_are_one_too_many_are_noticed(monkeypatch):
    smoothed(monkeypatch, "modified-kneser-ney", lambda seen, shares: less_sure(seen, shares))
    assert fails("contest", "three discounts, to one")


def less_sure(seen, shares):
    """Shares drawn towards 1/V."""
    p = 0.7 * shares.p + 0.3 / seen.vocabulary
    return Shares(p, np.full_like(shares.spare, 0.5), shares.leans, shares.discount)


def test_pairs_that_are_taken_for_words_are_noticed(monkeypatch):
    monkeypatch.setattr(words, "rank_frequency", lambda ids, k, **rest: rank_frequency(ids, 1, **rest))
    assert fails("zipf", "less that of pairs")
    assert fails("zipf", "less that of triples")
    assert fails("zipf", "in any order")


@pytest.mark.parametrize(
    ("id", "right", "wrong"), [("ZIPF-1", "/ w", "/ (w + 1)"), ("ZIPF-2", "entry(z.T @ z, 0)", "1000")]
)
def test_a_wrong_line_is_noticed(id, right, wrong, monkeypatch):
    replaced(monkeypatch, id, right, wrong)
    assert fails("zipf", "ZIPF-1 and ZIPF-2")


# Its texts


def test_a_split_counts_once_and_measures_as_a_model_does():
    split = open_book(0).whole
    model = NGram(3, "d2l", epsilon=0.5).fit(split.learn, vocabulary=split.vocabulary)
    assert split.nats(3, "d2l", 0.5) == pytest.approx(-model.log_probs(split.ask).mean(), rel=1e-12)
    assert split.counts(3) is split.counts(3)
    assert split.nats(3, "d2l", 0.5) != split.nats(3, "d2l", 0.25)


def test_what_is_chosen_is_chosen_before_the_part_held_out():
    it = open_book(0)
    parts = np.concatenate([it.choice.learn, it.choice.ask])
    assert (parts == it.whole.learn).all()
    assert len(it.choice.ask) == pytest.approx(len(it.whole.ask), rel=0.01)


def test_without_the_other_book_there_is_the_story(monkeypatch, tmp_path):
    monkeypatch.setenv("RNN_LAB_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert open_book(1).name == open_book(0).name == "the-lighthouse"
    assert len(conduct(LESSON.experiments["zipf"], seed=0, settings={"book": 1}).claims) == 7


elsewhere = pytest.mark.skipif(data.corpus.find("time-machine").path is None, reason="the text is not here")


@elsewhere
def test_the_other_book_has_the_exponents_that_are_printed():
    assert open_book(1).name == "time-machine"
    sentences = [c.sentence for c in conduct(LESSON.experiments["zipf"], seed=0, settings={"book": 1}).claims]
    assert sentences[-1].startswith("and those that others found")
    assert failing("zipf", book=1) == []


@elsewhere
@pytest.mark.slow
@pytest.mark.parametrize("name", LESSON.experiments)
def test_it_holds_for_the_other_book(name):
    assert failing(name, book=1) == []
    assert "…" not in drawn(conduct(LESSON.experiments[name], seed=0, settings={"book": 1}))


# What is shown


def test_code_on_the_page_is_short():
    check_code_is_short(LESSON, "drawn", "taken_off")


def test_the_lowest_bar_is_that_of_the_best_order():
    figure = found("orders").figures[0]
    assert isinstance(figure, Bars)
    lines = [line for line in bars(figure, 54).plain.splitlines() if line.startswith("n = ")]
    lengths = [line.count("█") for line in lines]
    values = [float(line.split()[3]) for line in lines]
    assert lengths.index(min(lengths)) == values.index(min(values)) == 3
    assert max(map(len, lines)) <= 54


def test_the_curves_are_those_of_the_table():
    plot, table = found("sizes").figures
    assert isinstance(plot, Plot)
    for curve in plot.curves:
        column = [name for name, _ in table.columns].index(curve.name.replace(" ", ""))
        assert [f"{y:.1f}" for y in curve.y] == [row[column] for row in table.rows]
