"""The lesson on speed: what is particular to it, and what breaks its claims."""

import math
from dataclasses import replace
from decimal import Decimal, localcontext
from functools import partial

import lesson_cases
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lesson_cases import check_claims_are_measured

from cli.lab import lessons
from cli.lab.bench.results import Times as BenchTimes
from cli.lab.bench.results import Timing
from cli.lab.costs import held
from cli.lab.experiments import conduct
from cli.lab.figures import Excerpt, Table
from cli.lessons.speed import bits, clock, counting, functions, growth, packing, peers, same, sharing
from cli.lessons.speed.networks import network, workload
from cli.lessons.speed.tally import Tally
from minigrad import Tensor
from minigrad.graph import observe
from minigrad.kernels import threads
from rnn.fused import FAMILIES, layer

LESSON = lessons.load("speed")
failing, fails = partial(lesson_cases.failing, LESSON), partial(lesson_cases.fails, LESSON)
QUICK = {"operations", "recorded", "same_answer", "tiles", "tanh_error", "any_threads", "kept", "orders"}


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch):
    """The page on others measures nothing, whatever is installed where the tests run."""
    monkeypatch.setattr(peers, "installed", lambda one: not one.library)


def test_it_claims_much_and_measures_it():
    check_claims_are_measured(LESSON, 30, 10, without=set(LESSON.experiments) - QUICK)


@pytest.mark.parametrize("seed", range(3, 6))
def test_the_counting_pages_hold_for_more_seeds(seed):
    for name in QUICK:
        assert failing(name, seed) == [], name


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6, 13))
def test_every_page_holds_for_more_seeds(seed):
    for name in LESSON.experiments:
        assert failing(name, seed) == [], name


# What is wrong is noticed


def test_a_fused_gradient_a_little_off_is_noticed(monkeypatch):
    right = FAMILIES["gru-after"].finished

    def finished(*given):
        found = right(*given)
        return {**found, "weight_hh": found["weight_hh"] * np.float32(1 + 1e-4)}

    monkeypatch.setattr(FAMILIES["gru-after"], "finished", finished)
    assert len(failing("same_answer")) == 2


def test_kernels_that_are_the_ops_are_not_faster(monkeypatch):
    monkeypatch.setattr(same, "network", lambda of, seed, implementation="auto": network(of, seed, "stepwise"))
    assert same.faster(0).measured < same.FASTER
    assert fails("recorded", "fused: ops and rules")
    assert fails("recorded", "fused: the same")


def test_a_loss_of_other_weights_is_noticed(monkeypatch):
    monkeypatch.setattr(same, "network", lambda of, seed, name: network(of, seed + (name == "fused"), name))
    assert fails("two_ways", "two losses")


@pytest.mark.parametrize("off", [-2, 2])
def test_a_product_counted_wrong_is_noticed(monkeypatch, off):
    right = counting.flops
    monkeypatch.setattr(counting, "flops", lambda of: right(of) + off)
    assert sum("found in the record" in sentence for sentence in failing("operations")) == 3


def test_gates_left_out_are_noticed(monkeypatch):
    right = counting.products
    monkeypatch.setattr(counting, "products", lambda of: right(replace(of, cell="rnn")))
    assert fails("operations", "three times")


def test_operations_that_grow_otherwise_are_noticed(monkeypatch):
    right = growth.flops
    monkeypatch.setattr(growth, "_timed", lambda name, of, seed: (name, "", "", ""))
    monkeypatch.setattr(counting, "_beside", lambda of, best, seed: ("",) * 5)
    monkeypatch.setattr(growth, "flops", lambda of: right(of) * of.steps * of.batch)
    assert fails("lengths", "no faster")
    assert fails("lengths", "B rows")
    monkeypatch.setattr(growth, "flops", lambda of: math.isqrt(right(of)))
    assert fails("lengths", "no slower")
    monkeypatch.setattr(counting, "flops", lambda of: of.hidden**3)
    assert fails("floor", "so many times")
    monkeypatch.setattr(counting, "flops", lambda of: of.hidden)
    assert fails("floor", "not many fewer")


def test_panels_in_another_order_are_noticed(monkeypatch):
    monkeypatch.setattr(packing, "packed", lambda B, width: PACKED(B, width)[:, ::-1])
    assert fails("packing", "packs elsewhere")


def test_a_product_that_leaves_something_out_is_noticed(monkeypatch):
    right = packing.multiplied
    monkeypatch.setattr(packing, "multiplied", lambda A, panels, N: right(A, panels, N) * np.float32(1.001))
    assert fails("packing", "off from exact")


def test_tiles_that_load_anew_or_forget_a_row_are_noticed(monkeypatch):
    right = packing.by_tiles

    def one_row_at_a_time(A, B, rows, lanes):
        return right(A, B, rows, lanes)[0], right(A, B, 1, lanes)[1]

    monkeypatch.setattr(packing, "by_tiles", one_row_at_a_time)
    assert fails("tiles", "four rows")
    assert fails("tiles", "as the kernel's")

    def forgetful(A, B, rows, lanes):
        whole = len(A) - len(A) % rows
        C, done = right(A[:whole], B, rows, lanes)
        return np.vstack([C, np.zeros((len(A) - whole, B.shape[1]))]), done

    monkeypatch.setattr(packing, "by_tiles", forgetful)
    assert fails("tiles", "off from the product")
    assert fails("tiles", "changes no sum")


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_a_coarser_function_is_noticed(monkeypatch, name):
    right = functions.FUNCTIONS[name]
    monkeypatch.setitem(functions.FUNCTIONS, name, lambda x: right(x) * x.dtype.type(1 + 8 * np.finfo(x.dtype).eps))
    found = failing("tanh_error")
    assert len(found) == 4
    assert all(sentence.startswith(name) for sentence in found)


def test_a_tanh_that_is_another_function_is_noticed(monkeypatch):
    monkeypatch.setattr(functions, "in_vectors", lambda x, y: np.arctan(x, out=y))
    assert fails("tanh_time", "two kernels")


def test_as_many_tiles_as_threads_are_noticed(monkeypatch):
    """Then sums are taken in another order in two and three threads."""
    rows = np.arange(51)

    def tiles(batch, w):
        return [(int(part[0]), int(part[-1]) + 1) for part in np.array_split(rows[:batch], threads.num_threads())]

    monkeypatch.setattr(layer, "_tiles", tiles)
    assert len(failing("any_threads")) == 3


def test_sums_that_no_order_changes_are_noticed(monkeypatch):
    monkeypatch.setattr(sharing, "in_parts", lambda seed, parts: np.zeros(9, np.float32))
    assert fails("any_threads", "two parts and in three")


def test_more_kept_than_is_needed_is_noticed(monkeypatch):
    monkeypatch.setattr(FAMILIES["elman"].__class__, "keeps", True)
    assert failing("kept") == ["RNN, fused: numbers kept beside h"]
    monkeypatch.setattr(growth, "_per_step", lambda cell, name, units, batch, rng: 4.0 * units * batch)
    assert fails("kept", "stepwise keeps")


def test_weights_of_another_size_are_noticed(monkeypatch):
    right = bits.apart
    monkeypatch.setattr(bits, "apart", lambda seed, bound, dtype: right(seed, 1.0 if bound < 1 else 0.1, dtype))
    assert len(failing("orders")) == 3


def test_an_order_that_is_the_same_is_noticed(monkeypatch):
    monkeypatch.setattr(bits, "apart", lambda seed, bound, dtype: np.zeros(bits.STEPS))
    assert fails("orders", "makes other numbers")


def test_a_precision_that_is_none_is_noticed(monkeypatch):
    def coarse(of, seed, dtype):
        return network(of, seed, dtype=dtype, scale=1 + 1e-3 * (dtype is np.float32))

    monkeypatch.setattr(bits, "network", coarse)
    assert fails("precisions", "off from float64")


# Others


def test_without_others_the_page_says_how_to_bring_them():
    (figure,) = conduct(LESSON.experiments["peers"], seed=0).figures
    assert isinstance(figure, Excerpt)
    assert figure.text == "rnn-lab bench rnn-32 --peers PYTHON"
    assert "torch and JAX" in figure.caption


@pytest.mark.parametrize("wrong", [False, True])
def test_with_one_of_them_it_is_timed_and_must_agree(monkeypatch, wrong):
    other = BenchTimes(missing="its losses differ", wrong=True) if wrong else BenchTimes((0.2, 0.4, 0.3), 1)
    found = Timing(workload("rnn", 32, 35, 32), {"ours": BenchTimes((0.1, 0.1), 2), "torch": other})
    monkeypatch.setattr(peers, "installed", lambda one: one.library != "jax")
    monkeypatch.setattr(peers, "timed", lambda rounds, seed: found)
    table, how = conduct(LESSON.experiments["peers"], seed=0).figures
    assert table.rows == (("ours", "100", 2), ("torch", None if wrong else "300", None if wrong else 1))
    assert "JAX" in how.caption
    assert "torch" not in how.caption
    assert bool(failing("peers")) == wrong


# Its parts

PACKED = packing.packed


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_panels_by_loops(K, N, width):
    B = np.arange(1.0, K * N + 1).reshape(K, N)
    panels = packing.packed(B, width).ravel()
    assert len(panels) == K * -(-N // width) * width
    for place, value in enumerate(panels):
        panel, inside = divmod(place, K * width)
        k, q = divmod(inside, width)
        j = panel * width + q
        assert value == (B[k, j] if j < N else 0)


@given(st.integers(1, 9), st.integers(1, 6), st.integers(1, 9), st.integers(1, 5), st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_tiles_by_counting_on_paper(M, K, N, rows, lanes):
    rng = np.random.default_rng(0)
    A, B = rng.standard_normal((M, K)), rng.standard_normal((K, N))
    C, done = packing.by_tiles(A, B, rows, lanes)
    panels, heights = -(-N // (2 * lanes)), [min(rows, M - i) for i in range(0, M, rows)]
    assert np.allclose(C, A @ B)
    assert done == {"loads": panels * K * sum(h + 2 for h in heights), "multiply-adds": 2 * panels * K * M}


def test_a_tally_of_what_can_be_counted_by_hand():
    x, w = Tensor(np.ones((3, 4)), requires_grad=True), Tensor(np.ones((4, 5)), requires_grad=True)
    with observe(tally := Tally()):
        loss = ((x @ w).tanh() + 1.0).T.sum()
        loss.backward()
    assert tally.products == 2 * 3 * 4 * 5
    assert tally.others == 15 + 15 + 1  # tanh, the addition, the sum; the transpose is free
    assert tally.written == 15 + 15 + 15 + 1
    assert tally.ops == {"matmul": 1, "tanh": 1, "add": 1, "transpose": 1, "sum": 1}
    assert tally.rules >= 5


def test_bytes_held_by_hand():
    x = Tensor(np.ones((4, 8)), requires_grad=True)
    y = x * 2.0
    assert held(y) == 4 * 8 * 8
    assert held(y.reshape(32)[::2].exp()) == 4 * 8 * 8 + 16 * 8  # views hold nothing
    assert held(y.tanh() + y) == 3 * 4 * 8 * 8


def test_forty_digits():
    """Printed values of tanh 1 and σ(1), and of their reflections."""
    tanh, sigmoid = "0.7615941559557648881194582826047935904", "0.7310585786300048792511592418218362743"
    with localcontext(prec=40):
        for name, value, below in (
            ("tanh", Decimal(tanh), -Decimal(tanh)),
            ("sigmoid", Decimal(sigmoid), 1 - Decimal(sigmoid)),
        ):
            assert abs(functions.exact(name, 1.0) - value) < Decimal("1e-36")
            assert abs(functions.exact(name, -1.0) - below) < Decimal("1e-36")
            assert functions.exact(name, 0.0) == (0 if name == "tanh" else Decimal("0.5"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layers_of_one_unit_are_the_functions(dtype):
    x = np.linspace(-5, 5, 33).astype(dtype)
    assert np.allclose(functions.kernels_tanh(x), np.tanh(x), rtol=1e-6)
    assert np.allclose(functions.kernels_sigmoid(x), 1 / (1 + np.exp(-x)), rtol=1e-6)
    assert functions.kernels_tanh(x).dtype == dtype


def test_renumbered_units_compute_the_same():
    """In float64 the two numberings agree, but for the last digits; and not because nothing is computed."""
    order = np.random.default_rng(0).permutation(bits.UNITS)
    one, other = (bits.outputs(3, o, 0.1, np.float64) for o in (np.arange(bits.UNITS), order))
    assert np.abs(one - other).max() < 1e-13
    assert np.abs(one).std() > 0.1
    assert bits._passed(np.array([0.0, 1e-4, 1e-2, 1.0])) == 2
    assert bits._passed(np.zeros(7)) == 7


def test_bits_that_differ():
    one = np.array([0.0, 1.0, 2.0], np.float32)
    other = np.array([-0.0, 1.0, np.nextafter(np.float32(2), np.float32(3))], np.float32)
    assert sharing.differing(one, one.copy()) == 0
    assert sharing.differing(one, other) == 2


def test_the_work_is_large_enough_to_be_shared(monkeypatch):
    """Or one, two and three threads would all be one."""
    seen, right = [], threads.run
    monkeypatch.setattr(
        threads,
        "run",
        lambda jobs, work=math.inf, ready=None: (seen.append((len(jobs), work)), right(jobs, work, ready)),
    )
    for cell in ("rnn", "gru", "lstm"):
        seen.clear()
        sharing.answers(cell, 0, 3)
        shared = [jobs for jobs, work in seen if work >= threads.WORTH_SHARING]
        assert len(shared) >= 2, "forwards and back"
        assert min(shared) >= 3


def test_the_number_of_threads_comes_back():
    before = threads.num_threads()
    with sharing.in_threads(before + 3):
        assert threads.num_threads() == before + 3
    assert threads.num_threads() == before
    with pytest.raises(ZeroDivisionError), sharing.in_threads(before + 3):
        _ = 1 / 0
    assert threads.num_threads() == before


def test_times_by_hand():
    times = clock.Times({"a": (1.0, 9.0, 4.0), "b": (1.0, 1.0, 2.0)})
    assert times.seconds("a") == 4.0
    assert times.ratio("a", "b") == 2.0
    done = []
    found = clock.in_turn({"x": lambda: done.append("x"), "y": lambda: done.append("y")}, seconds=0, least=2, most=9)
    assert done == ["x", "y"] * 3
    assert {name: len(each) for name, each in found.rounds.items()} == {"x": 2, "y": 2}
    assert len(clock.in_turn({"x": list}, seconds=60, most=4).rounds["x"]) == 4


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.01234, "12.3"), (1e-5, "0.01"), (0.9994, "999"), (0.9996, "1,000"), (1.5, "1,500")]
)
def test_milliseconds_as_people_read_them(seconds, shown):
    assert clock.ms(seconds) == shown
    assert clock.us(seconds / 1e3) == shown


# What is shown


def test_the_products_on_the_page_add_up():
    (table,) = conduct(LESSON.experiments["operations"], seed=0, settings={"units": 100}).figures
    assert isinstance(table, Table)
    *rows, total = table.rows
    counted = 0.0
    for _, sizes, times, millions in rows:
        m, k, n = (int(size) for size in sizes.replace(",", "").split("×"))
        assert float(millions) == pytest.approx(2e-6 * m * k * n * times, abs=0.005)
        counted += float(millions)
    assert float(total[-1]) == pytest.approx(counted, abs=0.04)


def test_the_shares_on_the_page_are_those_of_the_floor(monkeypatch):
    monkeypatch.setattr(counting, "rate", lambda units, batch, workers: 1e9)
    _, table = conduct(LESSON.experiments["floor"], seed=0).figures
    for _, millions, floor, step, share in table.rows:
        assert float(floor.replace(",", "")) == pytest.approx(float(millions), rel=0.01)
        part = float(floor.replace(",", "")) / float(step.replace(",", ""))
        assert float(share.rstrip("%")) / 100 == pytest.approx(part, rel=0.01, abs=0.01)


def test_what_is_kept_has_the_letters_of_the_kernels():
    assert growth.KEPT_BY == {"rnn": "h", "gru": "h, q, r, z, n", "lstm": "h, i, f, g, o, c"}
