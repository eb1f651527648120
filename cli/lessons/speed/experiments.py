"""Experiments of the lesson on speed."""

from __future__ import annotations

from cli.lessons.speed.bits import orders, precisions
from cli.lessons.speed.counting import floor, operations
from cli.lessons.speed.functions import tanh_error, tanh_time
from cli.lessons.speed.growth import kept, lengths
from cli.lessons.speed.packing import packing, tiles
from cli.lessons.speed.peers import peers
from cli.lessons.speed.same import per_op, recorded, same_answer, two_ways
from cli.lessons.speed.sharing import any_threads, waiting

__all__ = [
    "any_threads", "floor", "kept", "lengths", "operations", "orders", "packing", "peers", "per_op", "precisions",
    "recorded", "same_answer", "tanh_error", "tanh_time", "tiles", "two_ways", "waiting",
]  # fmt: skip
