"""Interrupts that are kept until a step is finished."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Whether a run has been asked to stop, and by which signal."""

    signal: int | None = None

    def __bool__(self) -> bool:
        return self.signal is not None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The first is remembered, the second stops at once."""
        if self:
            raise KeyboardInterrupt
        self.signal = number

    @property
    def status(self) -> int:
        """The exit status."""
        return 0 if self.signal is None else 128 + self.signal


@contextmanager
def stopping() -> Iterator[Stop]:
    """Within, Ctrl-C and SIGTERM set the `Stop`; a second one raises KeyboardInterrupt."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():  # only the main thread may listen to signals
        yield stop
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
