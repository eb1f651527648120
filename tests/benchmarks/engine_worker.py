"""One engine in a process of its own: reads a request a line, answers a line, both JSON, until its input ends.

Started by `engine.py` as `python engine_worker.py ENGINE THREADS`. The first line it writes says which version was
found, or what is missing. Times are in seconds. Python's collector of cycles stays on, as it is for people.
"""

import gc
import statistics
import sys
import tracemalloc
from time import perf_counter

from engine_peers import ENGINES, PARAMETERS, problem
from worker import serve


def seconds(work, repeats):
    """Median time of `work()` after one run that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return statistics.median(times)


def gradients(engine):
    return {name: g.tolist() for name, g in engine.gradients().items()}


def rnn(engine, repeats):
    return seconds(engine.rnn, repeats)


def add(engine, repeats, times):
    return seconds(lambda: engine.add(times), repeats) / times


def chain(engine, length):
    """Seconds forward and backward, and how far the gradient is from factorᴺ, relatively."""
    factor = 1 - 1 / length
    start = perf_counter()
    x, y = engine.chain(length, factor)
    middle = perf_counter()
    y.backward()
    end = perf_counter()
    error = abs(x.grad.item() / factor**length - 1)
    return {"forward": middle - start, "backward": end - middle, "error": error}


def memory(engine):
    """Bytes alive after backward that were not before the parameters were made; the loss is kept.

    Arrays are counted by NumPy itself, which reports each of its buffers to tracemalloc under a domain of its own.
    """
    import numpy as np

    arrays = tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)
    given = problem()
    engine.rnn()  # whatever is made once, such as caches, is no part of the graph
    tracemalloc.start()
    engine.parameters = [engine.Tensor(given[n], requires_grad=True) for n in PARAMETERS]
    loss = engine.rnn()
    gc.collect()
    snapshot = tracemalloc.take_snapshot()
    tracemalloc.stop()
    live = sum(trace.size for trace in snapshot.filter_traces([arrays]).traces)
    total = sum(trace.size for trace in snapshot.traces)
    expected = 2 * sum(given[n].nbytes for n in PARAMETERS) + loss.data.nbytes
    return {"arrays": live, "expected": expected, "other": total - live}


REQUESTS = {"gradients": gradients, "rnn": rnn, "add": add, "chain": chain, "memory": memory}


def begin(name, threads):
    """What is said first, and what answers."""
    engine = ENGINES[name](threads)
    label = f"{name} ({threads} thread{'s' * (threads > 1)})" if threads else name
    return {"version": engine.version, "label": label}, lambda what, **how: REQUESTS[what](engine, **how)


if __name__ == "__main__":
    serve(lambda: begin(sys.argv[1], int(sys.argv[2])))
