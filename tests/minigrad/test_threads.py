"""The team of threads: every job once, side by side, whatever goes wrong; and the same bits for any number."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import DTYPES, in_threads, normal

from minigrad.kernels import linear, softmax, threads

PATIENCE = 20.0  # seconds until a test that hangs is given up


class Fault(Exception):
    """What goes wrong in a job."""


def together(n):
    """A job that is done only when n threads are at it at the same time."""
    barrier = threading.Barrier(n)
    return lambda: barrier.wait(PATIENCE)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(0, 40))
def test_every_job_is_done_once(n, count):
    done = []
    with in_threads(n):
        threads.run([lambda k=k: done.append(k) for k in range(count)])
    assert sorted(done) == list(range(count))


@pytest.mark.parametrize("n", [2, 3, 5])
def test_jobs_run_side_by_side(n):
    seen = set()
    meet = together(n)

    def job():
        meet()
        seen.add(threading.get_ident())

    with in_threads(n):
        threads.run([job] * n)
    assert len(seen) == n
    assert threading.get_ident() in seen


@pytest.mark.parametrize("n", [1, 2, 4])
def test_jobs_are_begun_in_their_order(n):
    """So each may wait for all that stand before it."""
    done = [threading.Event() for _ in range(60)]

    def job(k):
        assert all(event.wait(PATIENCE) for event in done[:k])
        done[k].set()

    with in_threads(n):
        threads.run([lambda k=k: job(k) for k in range(60)])
    assert all(event.is_set() for event in done)


def test_after_an_error_nobody_waits_for_ever():
    """All flags are set, so whoever waits for what will never be done goes on."""
    ready, meet = np.zeros(3, np.int64), together(2)

    def failing():
        meet()
        raise Fault

    def waiting():
        meet()
        end = time.monotonic() + PATIENCE
        while not ready.all():
            assert time.monotonic() < end

    for jobs in ([failing, waiting], [waiting, failing]):
        ready[...] = 0
        with in_threads(2), pytest.raises(Fault):
            threads.run(jobs, ready=ready)
        assert ready.all()


def test_without_an_error_flags_are_left_to_the_jobs():
    ready = np.zeros(3, np.int64)
    with in_threads(2):
        threads.run([together(2)] * 2, ready=ready)
    assert not ready.any()


@pytest.mark.parametrize(("n", "work"), [(1, 1e9), (4, 1.0), (4, threads.WORTH_SHARING - 1)])
def test_one_thread_or_little_work_stays_with_the_caller(n, work):
    seen = []
    with in_threads(n):
        threads.run([lambda: seen.append(threading.get_ident())] * 7, work)
    assert seen == [threading.get_ident()] * 7


@pytest.mark.parametrize("who", ["caller", "helper", "all"])
def test_an_error_in_a_job_is_raised_again_and_the_team_lives_on(who):
    meet, me = together(3), threading.get_ident()

    def job():
        meet()
        if who == "all" or (threading.get_ident() == me) == (who == "caller"):
            raise Fault(who)

    with in_threads(3):
        for _ in range(3):
            with pytest.raises(Fault, match=who):
                threads.run([job] * 3)
            seen = set()
            again = together(3)
            threads.run([lambda again=again, seen=seen: (again(), seen.add(threading.get_ident()))] * 3)
            assert len(seen) == 3


def test_an_error_waits_for_the_others():
    """When the error arrives, nobody works in the caller's arrays any more."""
    meet, done = together(2), []

    def job():
        meet()
        if threading.current_thread() is threading.main_thread():
            raise Fault
        time.sleep(0.05)
        done.append(True)

    with in_threads(2), pytest.raises(Fault):
        threads.run([job] * 2)
    assert done == [True]


def test_errors_within_few_jobs_pass_too():
    with in_threads(1), pytest.raises(ZeroDivisionError):
        threads.run([lambda: 1 / 0])


def test_a_run_within_a_job_is_done_by_that_job():
    meet, found = together(2), []

    def inner():
        found.append(threading.get_ident())

    def job():
        meet()
        before = len(found)
        threads.run([inner] * 5)
        assert len(found) >= before + 5

    begin = time.monotonic()
    with in_threads(2):
        threads.run([job] * 2)
        assert time.monotonic() - begin < PATIENCE, "nobody waits for the team to be free"
        assert len(found) == 10
        assert sorted(found.count(who) for who in set(found)) == [5, 5]
        threads.run([together(2)] * 2)  # the team is free again


def test_two_callers_at_once():
    """The second does its jobs itself; both get theirs done, again and again."""
    counts, failed = [0, 0], []

    def caller(k):
        def job():
            with lock:
                counts[k] += 1

        try:
            for _ in range(200):
                before = counts[k]
                threads.run([job] * 7)
                assert counts[k] == before + 7
        except BaseException as error:
            failed.append(error)

    lock = threading.Lock()
    with in_threads(3):
        callers = [threading.Thread(target=caller, args=(k,), daemon=True) for k in range(2)]
        for thread in callers:
            thread.start()
        for thread in callers:
            thread.join(PATIENCE)
    assert counts == [1400, 1400]
    assert not failed


class Interrupted(Exception):
    """What a signal's handler raises, as Ctrl-C raises KeyboardInterrupt."""


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs a signal sent to a thread")
def test_a_caller_interrupted_while_it_waits_finds_the_team_in_step():
    """Or the next run returns before its jobs are done."""
    main = threading.main_thread()

    def handler(number, frame):
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        meet = together(2)

        def interrupting():
            meet()
            if threading.current_thread() is not main:
                time.sleep(0.05)  # until the caller waits
                signal.pthread_kill(main.ident, signal.SIGUSR1)
                time.sleep(0.1)

        with in_threads(2):
            with pytest.raises(Interrupted):
                threads.run([interrupting] * 2)
            for _ in range(3):
                done, meet_again = [], together(2)

                def job(done=done, meet_again=meet_again):
                    meet_again()
                    if threading.current_thread() is not main:
                        time.sleep(0.1)
                    done.append(True)

                threads.run([job] * 2)
                assert len(done) == 2
    finally:
        signal.signal(signal.SIGUSR1, before)
        threads._forget()  # a team out of step is nothing for the tests that follow


FORK = """
import os, sys, threading, warnings
warnings.simplefilter("ignore")
from minigrad.kernels import threads
threads.set_num_threads(3)

def side_by_side():
    barrier = threading.Barrier(3)
    threads.run([lambda: barrier.wait(20)] * 3)

side_by_side()
def fork():
    child = os.fork()
    if not child:
        try:
            side_by_side()
            side_by_side()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

outside = fork()
barrier, within = threading.Barrier(3), []
def job():
    barrier.wait(20)
    if threading.current_thread() is threading.main_thread():
        within.append(fork())
threads.run([job] * 3)
side_by_side()
print(outside, *within)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_has_a_team_of_its_own():
    """Between runs and in the midst of one; threads themselves do not survive a fork."""
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.split(), done.returncode) == (["0", "0"], 0), done.stderr


# How many


def test_how_many_is_read_from_the_environment(monkeypatch):
    monkeypatch.setattr(threads, "_chosen", None)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "7")
    assert threads.available() == threads.num_threads() == 7
    threads.set_num_threads(3)
    assert (threads.available(), threads.num_threads()) == (7, 3)
    threads.set_num_threads(0)
    assert threads.num_threads() == 1


@pytest.mark.parametrize("given", ["", "0", "-2", "many", "1.5", None])
def test_without_a_number_there_it_is_what_the_process_may_use(monkeypatch, given):
    monkeypatch.setattr(threads, "_chosen", None)
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    if given is not None:
        monkeypatch.setenv("NUMBA_NUM_THREADS", given)
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert threads.num_threads() == allowed


# The same bits


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_number_of_threads_changes_no_bit(monkeypatch, dtype):
    """Products with a rest of rows, their gradients, and a loss, all in many jobs."""
    monkeypatch.setattr(threads, "WORTH_SHARING", 0)
    monkeypatch.setattr(softmax, "NUMBERS", 1 << 11)
    rng = np.random.default_rng(0)
    x, w, b = normal(rng, dtype, 4 * linear.BLOCK + 37, 33), normal(rng, dtype, 41, 33), normal(rng, dtype, 41)
    ids = rng.integers(0, 41, len(x))
    found = []
    for n in (1, 2, 3, 5):
        with in_threads(n):
            y = linear.affine(x, w, b)
            p, loss = softmax.softmax_loss(y, ids)
            g = softmax.softmax_loss_gradient(dtype(0.5), p, ids)
            arrays = (y, p, np.array(loss), g, *linear.affine_gradients(g, x, w, True, True))
            found.append([a.tobytes() for a in arrays])
    assert len(found[0]) == 7
    assert found[0] == found[1] == found[2] == found[3]
