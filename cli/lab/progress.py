"""How far a reader has come in lessons and exercises, remembered between calls."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from platformdirs import user_state_path

from rnn.checkpoint import write_atomically

log = logging.getLogger(__name__)


def reached() -> dict[str, int]:
    """The furthest page reached in each lesson that was begun; empty if nothing can be read."""
    return _numbers("lessons")


def remember(lesson: str, page: int) -> None:
    """Note the page if it is further than before."""
    pages = reached()
    if page > pages.get(lesson, 0):
        _write("lessons", {**pages, lesson: page})


def solved() -> dict[str, int]:
    """Of each exercise that was handed in, how many of its parts were right at best."""
    return _numbers("exercises")


def handed_in(exercise: str, right: int) -> None:
    """Note how many parts were right, if they are more than before."""
    known = solved()
    if right > known.get(exercise, -1):
        _write("exercises", {**known, exercise: right})


def hints() -> dict[str, int]:
    """How many hints were given for each function, as "elman grad_W"."""
    return _numbers("hints")


def hinted(exercise: str, function: str, count: int) -> None:
    """Note how many hints were given."""
    _write("hints", {**hints(), f"{exercise} {function}": count})


def _numbers(name: str) -> dict[str, int]:
    try:
        found = json.loads((user_state_path("rnn-lab") / f"{name}.json").read_text(encoding="utf-8"))
        return {str(key): int(number) for key, number in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _write(name: str, numbers: Mapping[str, Any]) -> None:
    """A state folder that cannot be written is no reason to stop."""
    path = user_state_path("rnn-lab") / f"{name}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(numbers).encode())
    except OSError as error:
        log.info("progress is not remembered: %s", error)
