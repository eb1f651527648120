"""How far a reader has come in each lesson, remembered between calls."""

from __future__ import annotations

import json
import logging

from platformdirs import user_state_path

from rnn.checkpoint import write_atomically

log = logging.getLogger(__name__)


def reached() -> dict[str, int]:
    """The furthest page reached in each lesson that was begun; empty if nothing can be read."""
    try:
        found = json.loads((user_state_path("rnn-lab") / "lessons.json").read_text(encoding="utf-8"))
        return {str(name): int(page) for name, page in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def remember(lesson: str, page: int) -> None:
    """Note the page if it is further than before. A state folder that cannot be written is no reason to stop."""
    pages = reached()
    if page <= pages.get(lesson, 0):
        return
    path = user_state_path("rnn-lab") / "lessons.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps({**pages, lesson: page}).encode())
    except OSError as error:
        log.info("progress is not remembered: %s", error)
