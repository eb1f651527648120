"""Workers: an implementation in another process, asked and answering in lines of JSON."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import cli
from cli.lab.bench.implementations import WORKERS, Implementation, environment

PATIENCE = 600.0  # seconds for an answer, compilation included


class Absent(Exception):
    """An implementation that cannot be measured; the message says why, in one line."""


class Wrong(Absent):
    """One that computes something else."""


class Worker:
    """One implementation with some number of threads. Raises Absent when it is not installed, fails or dies."""

    def __init__(self, implementation: Implementation, threads: int, python: str):
        self.implementation, self.threads, self.python = implementation, threads, python
        self.alive = True
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed in close
        command = [python, str(WORKERS / "serving.py"), str(implementation.script), str(threads)]
        self._process = subprocess.Popen(
            [*command, implementation.variant], env=_surroundings(implementation, threads), encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said,
        )  # fmt: skip
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        hello = self._answer(PATIENCE)
        if "missing" in hello:
            self.close()
            raise Absent(f"{implementation.library or 'a library'} is missing in {python} ({hello['missing']})")
        self.version: str = hello["version"]

    def ask(self, what: str, *, patience: float = PATIENCE, **how: Any) -> Any:
        """Its answer, which is waited for; nothing else is asked of it meanwhile."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps([what, how]) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise self._ended() from None
        answer = self._answer(patience)
        if "error" in answer:
            raise Absent(_short(answer["error"]))
        return answer["answer"]

    def close(self) -> None:
        """End the process, which has nothing to save."""
        self.alive = False
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for file in (self._process.stdin, self._process.stdout, self._said):
            with suppress(OSError):
                file.close()  # type: ignore[union-attr]  # they are pipes, see above

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def _answer(self, patience: float) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=patience)
        except queue.Empty:
            self.close()
            raise Absent(f"no answer within {patience:g} s") from None
        try:
            return json.loads(line)
        except ValueError:
            raise self._ended() from None

    def _ended(self) -> Absent:
        """The process is gone, or speaks in riddles: what it said last, or by which status it ended."""
        self._process.kill()
        status = self._process.wait()
        self._said.seek(0)
        lines = self._said.read().split("\n")
        self.close()
        last = next((line.strip() for line in reversed(lines) if line.strip()), f"status {status}")
        return Absent(f"its process ended: {_short(last)}")


def _short(text: str) -> str:
    """On one line, of which the beginning is enough."""
    return " ".join(text.split())[:160]


def _surroundings(implementation: Implementation, threads: int) -> dict[str, str]:
    """The environment; ours finds this project wherever the command was started."""
    ours = {} if implementation.peer else {"PYTHONPATH": os.pathsep.join(_roots())}
    return {**os.environ, **environment(threads), **ours, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


def _roots() -> Sequence[str]:
    return [str(Path(cli.__path__[0]).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
