"""Blocks of threads that run at once, which Numba's simulator does not do: it runs one block after the other.

A kernel's Python functions are called in threads of Python, with a `cuda` of this file's in the place of Numba's. So
blocks that wait for each other can be tested without a GPU. Each block is held up at random, so that one that does not
wait where it should is likely to read what is not there yet.
"""

from __future__ import annotations

import random
import threading
import time
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np


class Block:
    """What the threads of a block share."""

    def __init__(self, index: int, threads: int, shared: int):
        self.index, self.barrier = index, threading.Barrier(threads)
        self.memory, self.lock = np.zeros(shared, np.uint8), threading.Lock()
        self.arrays: dict[int, Any] = {}


class Device:
    """In the place of `numba.cuda`, for threads that say by `enter` who they are."""

    def __init__(self, blocks: int, threads: int):
        self.gridDim, self.blockDim = SimpleNamespace(x=blocks), SimpleNamespace(x=threads)
        self.shared, self.atomic = SimpleNamespace(array=self._shared), SimpleNamespace(add=self._add)
        self.local = SimpleNamespace(array=np.empty)
        self.me, self.lock = threading.local(), threading.Lock()

    def enter(self, block: Block, thread: int) -> None:
        """The thread that calls is this one of that block."""
        self.me.block, self.me.thread, self.me.declared = block, thread, 0

    @property
    def threadIdx(self) -> Any:
        return SimpleNamespace(x=self.me.thread)

    @property
    def blockIdx(self) -> Any:
        return SimpleNamespace(x=self.me.block.index)

    def syncthreads(self) -> None:
        if self.me.thread == 0 and random.random() < 0.2:
            time.sleep(random.random() * 2e-3)
        self.me.block.barrier.wait(20)

    def threadfence(self) -> None:
        """Python's threads see each other's memory in order."""

    def _shared(self, shape: int, dtype: Any) -> Any:
        block, number = self.me.block, self.me.declared
        self.me.declared += 1
        if shape == 0:
            return block.memory.view(dtype)
        with block.lock:
            return block.arrays.setdefault(number, np.zeros(shape, dtype))

    def _add(self, array: Any, index: int, value: int) -> Any:
        time.sleep(0)
        with self.lock:
            old = array[index]
            array[index] += value
        return old


class AtOnce:
    """A kernel that is launched with all its blocks at once: `AtOnce(kernel)[blocks, threads, 0, shared](...)`."""

    def __init__(self, kernel: Any):
        self.kernel = kernel

    def __getitem__(self, sizes: tuple[int, int, int, int]) -> Any:
        blocks, threads, _, shared = sizes

        def run(*args: Any) -> None:
            device, errors = Device(blocks, threads), []
            function = rebuilt(self.kernel, device, {})
            given = [getattr(a, "_ary", a) for a in args]

            def one(block: Block, thread: int) -> None:
                device.enter(block, thread)
                try:
                    function(*given)
                except Exception as error:
                    errors.append(error)
                    block.barrier.abort()

            all_blocks = [Block(b, threads, shared) for b in range(blocks)]
            running = [threading.Thread(target=one, args=(b, t)) for b in all_blocks for t in range(threads)]
            for thread in running:
                thread.start()
            for thread in running:
                thread.join()
            if errors:
                raise errors[0]

        return run


def rebuilt(kernel: Any, device: Device, done: dict[Any, Any]) -> Any:
    """The Python function of a kernel, and of all that it calls, which sees `device` as `cuda`."""
    source = kernel.fn
    if source not in done:
        names = dict(source.__globals__)
        done[source] = FunctionType(source.__code__, names, source.__name__, source.__defaults__)
        names["cuda"] = device
        for name in source.__code__.co_names:
            value = names.get(name)
            if type(value).__name__ == "FakeCUDAKernel":
                names[name] = rebuilt(value, device, done)
    return done[source]
