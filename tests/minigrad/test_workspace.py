"""Memory for kernels: aligned, lent until the last view is gone, used again, and never by two at once."""

import gc
import subprocess
import sys
import threading
import time
import tracemalloc
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import LAYOUTS, strangely_laid

from minigrad.kernels import workspace
from minigrad.kernels.workspace import LINE, SMALL, aligned, carved, copied, plain, room_for, scratch

BIG = SMALL + 4096  # bytes that are kept when they are let go of
SIZES = [1, 63, SMALL, SMALL + 1, BIG, BIG, 2 * BIG]


def address(array):
    return array.__array_interface__["data"][0]


@pytest.fixture(autouse=True)
def own_spare(monkeypatch):
    """Each test begins with nothing kept."""
    monkeypatch.setattr(workspace, "_spare", workspace._Spare())


@contextmanager
def fresh_memory():
    """Yields a function: how many bytes NumPy holds more than at the start."""
    tracemalloc.start()
    try:
        start = tracemalloc.get_traced_memory()[0]
        yield lambda: tracemalloc.get_traced_memory()[0] - start
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8, bool])
@pytest.mark.parametrize("shape", [(0,), (), (1,), (3, 5), (SMALL,), (7, 0, 2), (129, 1031), (2, 3, 20_011)])
def test_arrays_are_aligned_contiguous_and_the_callers_own(shape, dtype):
    held = [aligned(shape, dtype) for _ in range(5)]
    for array in held:
        assert (array.shape, array.dtype) == (shape, dtype)
        assert address(array) % LINE == 0 or not array.size
        assert array.flags.c_contiguous
        assert array.flags.writeable
    for k, array in enumerate(held):
        array[...] = k
    assert all((array == (k if dtype is not bool else k > 0)).all() for k, array in enumerate(held))


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "drop", "view", "swap", "scratch"]), st.integers(0, 6), st.integers(0, 99)
    ),
    max_size=40,
)


@settings(max_examples=120, deadline=None)
@given(OPERATIONS)
def test_no_two_arrays_that_live_share_memory(operations):
    """Arrays are taken, dropped, replaced by a part of themselves; each keeps its own numbers all the while."""
    live, named = {}, {}
    for turn, (what, size, which) in enumerate(operations):
        key = sorted(live)[which % len(live)] if live else None
        if what == "take":
            live[turn] = aligned((SIZES[size],), np.uint8)
        elif what == "scratch":
            named[size % 2] = scratch(f"test {size % 2}", SIZES[size], np.dtype(np.uint8))
            named[size % 2][...] = 100 + size % 2
        elif key is not None:
            array = live.pop(key)
            if what == "view":
                live[key] = array[which % array.size :][::2]
            elif what == "swap":
                del array
                live[turn] = aligned((SIZES[size],), np.uint8)
        if turn in live:
            live[turn][...] = turn
        assert all((array == k).all() for k, array in live.items())
        assert all((array == 100 + k).all() for k, array in named.items())


def test_memory_comes_back_when_the_last_view_is_gone():
    a = aligned((3, BIG), np.uint8)
    place = address(a)
    row, flat = a[1], a.reshape(-1)[5:].view(np.int8)
    held = memoryview(row)
    for last in ("a", "row", "flat"):
        other = aligned((3 * BIG,), np.uint8)
        assert address(other) != place
        if last == "a":
            del a
        elif last == "row":
            del row
        else:
            del flat
    del other
    spare = aligned((3 * BIG,), np.uint8)  # takes what `other` left
    assert address(spare) != place
    held.release()
    assert address(aligned((BIG, 3), np.uint8)) == place


def test_what_was_let_go_of_costs_nothing_to_take_again():
    with fresh_memory() as fresh:
        for _ in range(20):
            aligned((BIG,), np.float32)
            aligned((BIG,), np.float64)
        assert fresh() < 12 * BIG + 10_000
        held = [aligned((BIG,), np.float32), aligned((BIG // 2,), np.float64)]  # as many bytes each
        assert fresh() > 8 * BIG + 8 * BIG - 1000
        assert address(held[0]) != address(held[1])


def test_small_arrays_are_not_kept():
    with fresh_memory() as fresh:
        for size in range(1000):
            aligned((SMALL - size,), np.uint8)
        assert fresh() < 2 * SMALL


@pytest.mark.parametrize("sizes", [[BIG], [BIG, BIG + 64, BIG + 128], [BIG + 64 * k for k in range(50)]], ids=len)
def test_what_is_kept_has_a_limit(monkeypatch, sizes):
    monkeypatch.setattr(workspace, "SPARE", 10 * BIG)
    with fresh_memory() as fresh:
        held = [aligned((sizes[k % len(sizes)],), np.uint8) for k in range(60)]
        assert fresh() > 60 * BIG
        del held
        assert 8 * BIG < fresh() < 10 * BIG + 60 * 1000


def test_more_than_the_limit_is_not_kept_and_puts_out_nothing_needed_later(monkeypatch):
    monkeypatch.setattr(workspace, "SPARE", 2 * BIG)
    with fresh_memory() as fresh:
        aligned((3 * BIG,), np.uint8)
        assert fresh() < BIG
        aligned((BIG,), np.uint8)
        before = fresh()
        aligned((BIG,), np.uint8)
        assert abs(fresh() - before) < 2000


def test_the_size_that_has_waited_longest_goes_first(monkeypatch):
    monkeypatch.setattr(workspace, "SPARE", 3 * BIG + 400)
    one, two, three = BIG, BIG + 64, BIG + 128
    for size in (one, two, three):
        aligned((size,), np.uint8)
    aligned((one,), np.uint8)  # used again: now `two` has waited longest
    aligned((BIG + 192,), np.uint8)
    with fresh_memory() as fresh:
        held = [aligned((one,), np.uint8), aligned((three,), np.uint8)]
        assert fresh() < 5000
        held.append(aligned((two,), np.uint8))
        assert fresh() > BIG
    assert len({address(a) for a in held}) == 3


def test_without_the_garbage_collector():
    gc.disable()
    try:
        with fresh_memory() as fresh:
            for _ in range(50):
                aligned((BIG,), np.uint8)[::2].reshape(2, -1).T.sum()
            assert fresh() < 2 * BIG
    finally:
        gc.enable()


def test_threads_never_get_the_same_memory():
    wrong = []

    def work(k):
        for turn in range(300):
            array = aligned((BIG + 64 * (turn % 3),), np.uint8)
            array[::97] = k
            own = scratch("test", 500, np.dtype(np.float32))
            own[...] = k
            if (array[::97] != k).any() or (own != k).any():
                wrong.append(k)

    team = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in team:
        thread.start()
    for thread in team:
        thread.join()
    assert not wrong


def test_a_finaliser_that_runs_while_memory_is_taken_waits_for_nobody():
    """The collector may drop an array anywhere, even where this thread holds the lock."""
    array = aligned((BIG,), np.uint8)
    begin = time.monotonic()
    with workspace._spare._lock:
        del array  # would hang
    assert time.monotonic() - begin < 10
    assert aligned((BIG,), np.uint8).size == BIG


def test_nothing_is_said_when_the_interpreter_ends():
    """Arrays may outlive the module that made them."""
    program = (
        "import numpy as np; from minigrad.kernels.workspace import aligned, scratch\n"
        "a, s = aligned((1 << 20,), np.float32), scratch('x', 1 << 20, np.dtype('f4'))\n"
        "class Loop: pass\n"
        "loop = Loop(); loop.loop, loop.array = loop, aligned((1 << 20,), np.float32)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# As a kernel takes it


def unaligned(array):
    memory = np.zeros(array.nbytes + 1, np.uint8)
    view = memory[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


STRANGE = {
    "read only": read_only,
    "unaligned": unaligned,
    **{how: lambda a, how=how: strangely_laid(a, how) for how in LAYOUTS[1:]},
    "a broadcast": lambda a: np.broadcast_to(a[:1], a.shape),
}


@pytest.mark.parametrize("how", STRANGE)
def test_what_a_kernel_takes_is_flat_in_order_aligned_and_writable(how):
    """Any other array would be another type to Numba, for which it would compile again."""
    array = np.arange(12.0).reshape(3, 4)
    strange = STRANGE[how](array)
    found = plain(strange)
    assert found.flags.carray
    assert found.tolist() == strange.ravel().tolist()
    found[...] = -1
    assert strange.tolist() == STRANGE[how](array).tolist(), "a copy"
    assert plain(strange, np.int64).dtype == np.int64


def test_what_is_as_a_kernel_takes_it_is_not_copied():
    for array in (np.arange(12.0).reshape(3, 4), np.zeros((0, 3)), np.float32([5])):
        assert address(plain(array)) == address(plain(array, array.dtype)) == address(array)
        assert plain(array).shape == (array.size,)


@pytest.mark.parametrize("rows", [3, BIG // 8])
@pytest.mark.parametrize("how", ["as it is", *STRANGE])
def test_a_copy_shares_nothing(rows, how):
    array = np.arange(4.0 * rows).reshape(rows, 4)
    strange = array if how == "as it is" else STRANGE[how](array)
    found = copied(strange)
    assert not np.shares_memory(found, strange)
    np.testing.assert_array_equal(found, strange, strict=True)
    assert found.flags.writeable


# Scratch


def test_scratch_is_one_array_by_name_and_precision():
    single, double = np.dtype(np.float32), np.dtype(np.float64)
    first = scratch("a test", 1000, single)
    assert first.size >= 1000
    assert address(first) % LINE == 0
    assert first.dtype == single
    assert address(scratch("a test", 10, single)) == address(first)
    others = [scratch("a test", 1000, double), scratch("another test", 1000, single)]
    assert not any(np.shares_memory(first, other) for other in others)
    assert others[0].dtype == double
    grown = scratch("a test", BIG, single)
    assert grown.size >= BIG
    assert address(scratch("a test", 1000, single)) == address(grown)


def test_scratch_is_a_threads_own():
    mine, theirs = scratch("a test", 100, np.dtype(np.float32)), []
    thread = threading.Thread(target=lambda: theirs.append(scratch("a test", 100, np.dtype(np.float32))))
    thread.start()
    thread.join()
    assert not np.shares_memory(mine, theirs[0])


@given(st.lists(st.integers(0, 300), max_size=6), st.sampled_from([np.float32, np.float64]))
def test_pieces_are_aligned_apart_and_fit(sizes, dtype):
    memory = aligned((room_for(*sizes),), dtype)
    pieces = carved(memory, *sizes)
    assert [p.size for p in pieces] == sizes
    for k, piece in enumerate(pieces):
        assert address(piece) % LINE == 0 or not piece.size
        piece[...] = k
    assert all((piece == k).all() for k, piece in enumerate(pieces))
    assert sum(sizes) <= memory.size <= sum(sizes) + LINE * len(sizes)
