"""Deep graphs, tried where recursion would fail at once; and whether they are gone."""

import gc
import sys
import threading

from minigrad import Value


def in_a_small_stack(work):
    """Run it in a thread with 256 KiB of stack and little room for recursion; raise what it raised."""
    raised = []

    def run():
        try:
            work()
        except BaseException as error:
            raised.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(256 * 1024)
    sys.setrecursionlimit(150)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    if raised:
        raise raised[0]


def live():
    """How many Values there are."""
    return sum(type(o) is Value for o in gc.get_objects())
