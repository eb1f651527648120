"""One scalar engine in a process of its own: reads a request a line, answers a line, both JSON, until its input ends.

Started by `scalar.py` as `python scalar_worker.py ENGINE QUICK CPU`, the last two 0 or 1. Times are in seconds.
"""

import gc
import statistics
import sys
import tracemalloc
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))
from golden.make_micrograd import network, spread
from worker import serve


def seconds(work, repeats, clock):
    """Median time of `work()` after one run that is not counted; what it gives is dropped after the clock is read."""
    kept = work()
    times = []
    for _ in range(repeats):
        kept = None
        start = clock()
        kept = work()
        times.append(clock() - start)
    del kept
    return statistics.median(times)


class Graph:
    """An engine that builds its graph anew for each pass: Value, or micrograd's."""

    def __init__(self, Value, quick, clock):
        self.Value, self.clock = Value, clock
        self.points, self.sizes = (spread(5), (2, 4, 1)) if quick else (spread(100), (2, 16, 16, 1))
        self.repeats = 1 if quick else 3

    def work(self):
        leaves, loss = network(self.Value, self.points, self.sizes)
        loss.backward()
        return leaves, loss

    def gradients(self):
        return [leaf.grad for leaf in self.work()[0]]

    def whole(self, collector):
        gc.collect()
        if not collector:
            gc.disable()
        try:
            return seconds(self.work, self.repeats, self.clock)
        finally:
            gc.enable()

    def memory(self):
        """Bytes that the graph takes after backward, parameters included."""
        gc.collect()
        tracemalloc.start()
        kept = self.work()
        found = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        del kept
        gc.collect()
        return found


class Taped(Graph):
    """The same graph, compiled once."""

    def __init__(self, Value, quick, clock):
        from minigrad import compile

        super().__init__(Value, quick, clock)
        self.leaves, self.loss = network(Value, self.points, self.sizes)
        self.compiled = lambda: compile(self.loss, self.leaves)
        self.tape = self.compiled()
        self.nodes = len(self.tape)
        self.x = np.array([leaf.data for leaf in self.leaves])

    def gradients(self):
        return self.tape(self.x)[1].tolist()

    def replay(self, batch):
        """Seconds a sample; `batch` 0 is one vector."""
        x = np.tile(self.x, (batch, 1)) if batch else self.x
        return seconds(lambda: self.tape(x), 10 * self.repeats, self.clock) / (batch or 1)

    def compile(self):
        gc.disable()
        try:
            return seconds(self.compiled, self.repeats, self.clock)
        finally:
            gc.enable()


def engine(name, quick, cpu):
    how = quick == "1", process_time if cpu == "1" else perf_counter
    if name == "micrograd":
        from micrograd.engine import Value

        return Graph(Value, *how)
    from minigrad import Value

    return (Taped if name == "tape" else Graph)(Value, *how)


def begin(name, quick, cpu):
    """What is said first, and what answers."""
    chosen = engine(name, quick, cpu)
    return {"nodes": chosen.nodes} if name == "tape" else {}, lambda what, **how: getattr(chosen, what)(**how)


if __name__ == "__main__":
    serve(lambda: begin(*sys.argv[1:]))
