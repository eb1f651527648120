"""Kernels side by side: threads that wait for work, and give up the interpreter while they compute.

Kernels are compiled without the interpreter's lock, so plain threads run them in parallel; there is no threading
layer of Numba's to choose, to load or to compile for. How work is divided is decided by whoever divides it, never by
the number of threads, so that results have the same bits for any number.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Sequence
from itertools import count
from queue import SimpleQueue
from typing import Any

from minigrad.graph import Array

Results = SimpleQueue[BaseException | None]

WORTH_SHARING = 2e7  # multiply-adds; waking a thread takes as long as some millions

_chosen: int | None = None


def available() -> int:
    """How many processors this process may use, or NUMBA_NUM_THREADS where it is set."""
    given = os.environ.get("NUMBA_NUM_THREADS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def num_threads() -> int:
    """How many threads kernels run in, the caller's own included."""
    return _chosen or available()


def set_num_threads(n: int | None) -> None:
    """Run kernels in n threads from now on; None for as many as are available."""
    global _chosen
    _chosen = None if n is None else max(1, n)


def run(jobs: Sequence[Callable[[], Any]], work: float = math.inf, ready: Array | None = None) -> None:
    """Run the jobs side by side, begun in their order, and wait for all; the first error is raised again.

    `work` is about how many multiply-adds they are together: a few are done sooner than a thread is woken. A job may
    wait for flags of `ready` that jobs before it set; after an error all are set, so that nobody waits for ever.
    """
    helpers = min(num_threads(), len(jobs)) - 1 if work >= WORTH_SHARING else 0
    if helpers < 1 or not _free.acquire(blocking=False):  # called from within a job, or from two threads at once
        for job in jobs:
            job()
        return
    try:
        _shared(jobs, _team(helpers), ready)
    finally:
        _free.release()


def _shared(jobs: Sequence[Callable[[], Any]], team: list[_Helper], ready: Array | None) -> None:
    turn, done, given = count(), Results(), 0

    def work() -> None:
        try:
            while (k := next(turn)) < len(jobs):
                jobs[k]()
        except BaseException:
            if ready is not None:
                ready.fill(1)
            raise

    try:
        for helper in team:
            helper.tasks.put((work, done))
            given += 1
        work()
    finally:
        errors = _collected(done, given)
    if errors:
        raise errors[0]


def _collected(done: Results, helpers: int) -> list[BaseException]:
    """The errors of so many helpers, once all have answered. Whoever interrupts the wait is heard after that."""
    answers: list[BaseException | None] = []
    interruptions: list[BaseException] = []
    while len(answers) < helpers:
        try:
            answers.append(done.get())
        except BaseException as error:
            interruptions.append(error)
    return interruptions + [error for error in answers if error is not None]


class _Helper(threading.Thread):
    """A thread that sleeps until it is given work; it answers whoever gave it, who may have gone away by then."""

    def __init__(self) -> None:
        super().__init__(name="kernel", daemon=True)
        self.tasks: SimpleQueue[tuple[Callable[[], None], Results]] = SimpleQueue()

    def run(self) -> None:
        while True:
            work, done = self.tasks.get()
            error: BaseException | None = None
            try:
                work()
            except BaseException as found:
                error = found
            del work
            done.put(error)
            del done, error


_free = threading.Lock()
_helpers: list[_Helper] = []


def _team(size: int) -> list[_Helper]:
    while len(_helpers) < size:
        _helpers.append(_Helper())
        _helpers[-1].start()
    return _helpers[:size]


def _forget() -> None:
    global _free
    _helpers.clear()
    _free = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # threads do not survive a fork
