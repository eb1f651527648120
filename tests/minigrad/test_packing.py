"""Weights packed by several jobs: the panels that `pack` makes of the whole, and nobody reads them too early."""

import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import DTYPES, LAYOUTS, in_threads, normal, strangely_laid

from minigrad.kernels import linear, packing, threads
from minigrad.kernels.gemm import pack, panel_width, panels_size
from minigrad.kernels.packing import Packing, wait_for_all
from minigrad.kernels.workspace import scratch


def panels_of(b):
    """One call of `pack` for the whole of B (K, N)."""
    k, n = b.shape
    panels = np.full(panels_size(k, n, b.dtype), np.nan, b.dtype)
    pack(np.ascontiguousarray(b).reshape(-1), 0, n, 1, k, n, panels, 0, k)
    return panels


def filled(add):
    """The panels that `add` asks a Packing for, spoilt before its jobs are run; how many jobs there were."""
    what = Packing()
    panels = add(what)
    panels[...] = np.nan
    ready = what.ready
    assert not ready.any()
    jobs = what.jobs(ready)
    assert len(jobs) == len(ready)
    for k, job in enumerate(jobs):
        assert ready.tolist() == [1] * k + [0] * (len(jobs) - k), "each job sets its own flag"
        job()
    wait_for_all(ready)
    return panels, len(jobs)


def expected(w, transposed, first):
    """Panels of W with rows from `first` on before the others; of Wᵀ the two parts are panels by themselves."""
    if not transposed:
        return panels_of(np.concatenate([w[first:], w[:first]]))
    return np.concatenate([panels_of(w[first:].T), *([panels_of(w[:first].T)] if first else [])])


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(DTYPES),
    st.integers(1, 70),
    st.integers(1, 70),
    st.booleans(),
    st.floats(0, 0.99),
    st.sampled_from([1, 700, packing.NUMBERS]),
    st.sampled_from(LAYOUTS),
)
def test_the_jobs_make_the_panels_of_the_whole(dtype, rows, columns, transposed, part, numbers, how):
    w, first = normal(np.random.default_rng(rows + 71 * columns), dtype, rows, columns), int(part * rows)
    before, packing.NUMBERS = packing.NUMBERS, numbers
    try:
        given_w = strangely_laid(w, how)
        panels, jobs = filled(lambda p: p.add(given_w, "a test", transposed=transposed, first=first))
    finally:
        packing.NUMBERS = before
    np.testing.assert_array_equal(panels, expected(w, transposed, first))
    width = panel_width(dtype)
    assert jobs == (1 + (first > 0) if numbers == before else jobs)
    if numbers == 1 and not first:  # a job for each panel
        assert jobs == -(-(rows if transposed else columns) // width)


def test_one_packing_may_hold_several_weights():
    rng, what = np.random.default_rng(0), Packing()
    v, w = normal(rng, np.float32, 40, 30), normal(rng, np.float32, 20, 50)
    panels = [what.add(v, "one", transposed=True), what.add(w, "two", transposed=False)]
    ready = what.ready
    for job in what.jobs(ready):
        job()
    assert ready.all()
    np.testing.assert_array_equal(panels[0], panels_of(v.T))
    np.testing.assert_array_equal(panels[1], panels_of(w))


def test_nothing_to_pack_is_nothing_to_wait_for():
    what = Packing()
    assert what.jobs(what.ready) == []
    wait_for_all(what.ready)


def late(job):
    time.sleep(0.02)
    job()


def hold_up(monkeypatch, numbers):
    """Packing begins late, in jobs of so many numbers, while other threads wait for it."""
    jobs = Packing.jobs
    monkeypatch.setattr(threads, "WORTH_SHARING", 0)
    monkeypatch.setattr(packing, "NUMBERS", numbers)
    monkeypatch.setattr(Packing, "jobs", lambda self, ready: [partial(late, job) for job in jobs(self, ready)])


def test_whoever_reads_panels_waits_until_they_are_there(monkeypatch):
    """Packing is held up; what stands in that memory before is NaN."""
    rng = np.random.default_rng(1)
    x, w, b = normal(rng, np.float32, 900, 33), normal(rng, np.float32, 70, 33), normal(rng, np.float32, 70)
    g = normal(rng, np.float32, 900, 70)

    def both():
        scratch("affine", 1 << 15, x.dtype)[...] = np.nan
        y = linear.affine(x, w, b)
        scratch("affine", 1 << 15, x.dtype)[...] = np.nan
        return [y, *linear.affine_gradients(g, x, w, True, True)]

    with in_threads(1):
        alone = both()
    hold_up(monkeypatch, 1)
    with in_threads(4):
        together = both()
    for mine, theirs in zip(together, alone, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_flags_are_set_when_panels_are_whole(monkeypatch):
    """One job packs much, slowly, against the order of memory; another has few rows and is upon it at once."""
    rng = np.random.default_rng(3)
    x, w = normal(rng, np.float32, 8, 1500), normal(rng, np.float32, 2000, 1500)
    hold_up(monkeypatch, 1 << 40)
    for _ in range(5):
        scratch("affine", panels_size(1500, 2000, x.dtype), x.dtype)[...] = np.nan
        with in_threads(2):
            assert not np.isnan(linear.affine(x, w, None)).any()


STUCK = """
import numpy as np
from minigrad.kernels import threads
from minigrad.kernels.packing import wait_for_all
threads.set_num_threads(3)
ready = np.zeros(2, np.int64)
wait_for_all(np.ones(2, np.int64))
def failing():
    raise ArithmeticError("a job that sets no flag")
try:
    threads.run([failing, lambda: wait_for_all(ready), lambda: wait_for_all(ready)], ready=ready)
except ArithmeticError as error:
    print(error)
"""


def test_after_an_error_no_kernel_waits_for_ever():
    """In a process of its own, as nothing ends a kernel that waits."""
    done = subprocess.run([sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "a job that sets no flag"), done.stderr


@pytest.mark.parametrize("dtype", DTYPES)
def test_read_only_weights_compile_nothing_new(dtype):
    """Weights from a file are often so."""
    rng = np.random.default_rng(2)
    arrays = [normal(rng, dtype, *shape) for shape in ((9, 7), (5, 7), (5,), (9, 5))]

    def both(x, w, b, g):
        return [linear.affine(x, w, b), *linear.affine_gradients(g, x, w, True, True)]

    usual = both(*arrays)
    known = [len(kernel.signatures) for kernel in (linear._forward, linear._backward, packing._pack)]
    for array in arrays:
        array.flags.writeable = False
    for mine, theirs in zip(both(*arrays), usual, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert [len(kernel.signatures) for kernel in (linear._forward, linear._backward, packing._pack)] == known
