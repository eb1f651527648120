"""Memory: used again, given back, and when there is none left."""

import numpy as np
import pytest

from minigrad import DeviceError, Tensor


@pytest.fixture
def memory():
    from minigrad.cuda import memory

    memory.pool.flush()
    return memory


def test_memory_that_nobody_holds_is_used_again(memory):
    a = memory.zeros((3, 4), np.float32)
    block = id(a.buffer)
    view = a[1:]
    del a
    other = memory.empty((3, 4), np.float32)
    assert id(other.buffer) != block  # a view holds it
    del view
    assert id(memory.empty((2, 6), np.float32).buffer) == block


def test_arguments_of_a_launch_outlive_their_array(memory):
    from minigrad.cuda import from_numpy, plain, raw

    a = from_numpy(np.arange(6.0).reshape(2, 3))
    flat, part = raw(plain(a.T)), raw(a[1])
    del a
    others = [memory.full((2, 3), -1.0, np.float64) for _ in range(4)]
    assert flat[:6].copy_to_host().tolist() == [0, 3, 1, 4, 2, 5]
    assert part.copy_to_host().tolist() == [3, 4, 5]
    del others


def test_a_training_loop_asks_for_memory_once(memory, monkeypatch):
    asked = []
    fresh = memory.allocate
    monkeypatch.setattr(memory, "allocate", lambda *args: asked.append(args) or fresh(*args))
    w = Tensor(np.ones((3, 2)), requires_grad=True, device="cuda")
    counts = []
    for _ in range(4):
        w.grad = None
        ((w * 2).tanh().sum()).backward()
        counts.append(len(asked))
    assert counts[1] == counts[-1]


def test_out_of_memory_names_the_size_leaks_nothing_and_goes_on(memory, monkeypatch):
    fresh, limit = memory.allocate, 1 << 20
    spare = memory.empty((1000,), np.float32)
    del spare
    flushed = []

    def allocate(count, dtype):
        if count * dtype.itemsize > limit:
            flushed.append(memory.pool.waiting)
            raise MemoryError("CUDA_ERROR_OUT_OF_MEMORY")
        return fresh(count, dtype)

    monkeypatch.setattr(memory, "allocate", allocate)
    x = Tensor(np.ones(8), device="cuda")
    lent = memory.pool.lent
    with pytest.raises(DeviceError, match=r"^cuda: out of memory; 8,\d\d\d,\d\d\d bytes were asked for, .* in use"):
        x.reshape(8, 1).broadcast_to((8, 1 << 17)) * 2
    assert flushed[-1] == 0  # what waited was given back before the second try
    assert memory.pool.lent == lent
    assert (x * 2).numpy().tolist() == [2] * 8


def test_a_driver_that_fails_otherwise_is_not_out_of_memory(memory, monkeypatch):
    def allocate(count, dtype):
        raise RuntimeError("the device fell off the bus")

    monkeypatch.setattr(memory, "allocate", allocate)
    with pytest.raises(RuntimeError, match="fell off"):
        memory.empty((1 << 9,), np.float64)
