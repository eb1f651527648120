"""A student's file in a process of its own: bounded in time and memory, and told from outside what went wrong."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cli.lab.check import sandbox
from cli.lab.errors import LabError

SECONDS = 10
MEMORY = 4 * 2**30
MESSAGE = 300  # characters of a message that are kept
PRINTED = 20_000  # characters of the file's own prints that are kept


@dataclass(frozen=True)
class Outcome:
    """What one function did on one problem. `value` is an array, or a dict of outcomes; None with `why` as the reason.

    `kind` is "value"; "failed", with the line of the file; "nothing" for None; "other" for what is no array of
    numbers; or "changed" where an argument was changed in place, and `why` names it.
    """

    kind: str
    value: Any = None
    why: str = ""
    line: int | None = None
    text: str = ""


@dataclass(frozen=True)
class Found:
    """One function of the file: under which name, what it did on each problem, and on the first once more.

    `unknown` are arguments that no quantity goes by; then it is not called. It is `empty` if it has not been filled
    in: a docstring, `pass`, `...` or `raise NotImplementedError`.
    """

    called: str
    outcomes: tuple[Outcome, ...]
    again: Outcome | None = None
    by_position: bool = False
    unknown: tuple[str, ...] = ()
    empty: bool = False


@dataclass(frozen=True)
class Answers:
    """What the file defines, what became of each function that was looked for, and what the file printed."""

    functions: tuple[str, ...]
    found: Mapping[str, Found]
    printed: str
    stuck: str = ""


def readable(path: Path, exercise: str = "EXERCISE") -> None:
    """LabError where there is no file, OSError where it may not be read."""
    if not path.exists():
        raise LabError("there is no such file", str(path), f"rnn-lab check --new {exercise} writes one")
    if not path.is_file():
        raise LabError("it is a folder" if path.is_dir() else "it is no file", str(path), "name a Python file")
    with path.open("rb"):
        pass


def run(
    path: Path, functions: Mapping[str, Mapping[str, Any]], problems: Sequence[Mapping[str, Any]], *,
    seconds: float = SECONDS, memory: int = MEMORY,
) -> Answers:  # fmt: skip
    """Call the file's functions on every problem. LabError where the file as a whole cannot be run.

    `functions` says for each the names that it may have (`names`), the quantities that it may ask for (`known`), those
    that it is meant to ask for, in order (`arguments`), and other names for quantities (`aliases`). A function that
    does not come back is ended, and those after it are called in a new process.
    """
    readable(path)
    whole = answers = _once(path, functions, problems, seconds, memory)
    while answers.stuck:
        names = list(functions)
        functions = {n: functions[n] for n in names[names.index(answers.stuck) + 1 :]}
        answers = _once(path, functions, problems, seconds / 2, memory)
        whole = replace(whole, found={**whole.found, **answers.found})
    return whole


def _once(
    path: Path, functions: Mapping[str, Mapping[str, Any]], problems: Sequence[Mapping[str, Any]], seconds: float,
    memory: int,
) -> Answers:  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="rnn-lab-check-") as name:
        folder = Path(name)
        asked = {"functions": functions, "problems": len(problems), "memory": memory, "seconds": int(seconds) + 1}
        (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        flat = {f"{k}/{name}": value for k, p in enumerate(problems) for name, value in p.items()}
        np.savez(folder / "problems.npz", **flat)
        code, printed, late = _process(path, folder, seconds)
        events = _events(folder)
        _whole(path, events, code, late, printed, seconds)
        return _answers(folder, events, code, late, printed, seconds, len(problems))


def _process(path: Path, folder: Path, seconds: float) -> tuple[int, str, bool]:
    """Exit code, what was printed (no more than is kept), and whether time ran out. Ends whatever it has started."""
    command = [sys.executable, "-P", "-B", "-u", "-X", "utf8", sandbox.__file__, str(path.resolve()), str(folder)]
    # One thread each: an exercise is small, and a pool of threads costs more than it gives.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
        cwd=path.resolve().parent, env=environment, start_new_session=True,
    ) as child:  # fmt: skip
        reader = _Reader(child.stdout)
        try:
            code = child.wait(timeout=seconds)  # standard input stays open: when it closes, the process ends itself
            late = code == -getattr(signal, "SIGXCPU", 0)
        except subprocess.TimeoutExpired:
            code, late = -signal.SIGTERM, True
        finally:
            _end(child)
        reader.join(timeout=1)
    return code, reader.text(), late


class _Reader(threading.Thread):
    """Reads all that is printed, so that the file never waits for a full pipe, and keeps the first part of it."""

    def __init__(self, pipe: Any):
        super().__init__(daemon=True)
        self.pipe, self.kept = pipe, bytearray()
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # the pipe is closed under it when time has run out
            while piece := self.pipe.read(65536):
                self.kept += piece[: max(0, PRINTED - len(self.kept))]

    def text(self) -> str:
        return _shown(self.kept.decode("utf-8", "replace"))


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the process and all that it has started."""
    with contextlib.suppress(OSError):
        if os.name == "posix":
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()


def _events(folder: Path) -> list[dict[str, Any]]:
    """What was reported; a line that was being written when the process ended is left out."""
    report = folder / "report.jsonl"
    lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    events = []
    for line in lines:
        with contextlib.suppress(ValueError):
            events.append({k: _short(v) if isinstance(v, str) else v for k, v in json.loads(line).items()})
    return events


def _shown(text: str) -> str:
    """Text without what steers a terminal."""
    text = re.sub(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\a\x1b]*(\a|\x1b\\\\)|.)", "", text)
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text)


def _short(text: str) -> str:
    """A message in one line of no great length."""
    line = " ".join(_shown(text).split())
    return line if len(line) <= MESSAGE else f"{line[:MESSAGE]} …"


def _whole(path: Path, events: list[dict[str, Any]], code: int, late: bool, printed: str, seconds: float) -> None:
    """Refuse a file of which nothing can be run."""
    for event in events:
        if event["event"] == "syntax":
            where = f"{path}, line {event['line']}" if event["line"] else str(path)
            shown = f": {event['text']}" if event["text"] else ""
            raise LabError(f"a syntax error ({event['why']}){shown}", where, "mend the line and run this again")
        if event["event"] == "import":
            raise LabError(*_not_imported(path, event))
        if event["event"] == "several":
            names = " and ".join(event["names"])
            raise LabError(f"several functions for {event['function']}: {names}", str(path), "keep one of them")
    if not any(event["event"] == "functions" for event in events):
        if late:
            remedy = "keep the functions, and take out what runs by itself"
            raise LabError(f"the file did not finish within {seconds:g} seconds", str(path), remedy)
        last = printed.strip().splitlines()[-1:] if "Traceback" in printed else []
        raise LabError(f"the file ended Python ({(last or [_status(code)])[0]})", str(path), "take out what ends it")


def _status(code: int) -> str:
    """An exit status in words; a signal by its name."""
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"


def _not_imported(path: Path, event: dict[str, Any]) -> tuple[str, str, str]:
    where = f"{path}, line {event['line']}" if event["line"] else str(path)
    if event["type"] in ("ModuleNotFoundError", "ImportError"):
        return (
            f"it imports {event['missing'] or 'something'}, which is not installed here ({event['why']})",
            where,
            "install it in this environment, or do without",
        )
    if event["type"] in ("SystemExit", "KeyboardInterrupt"):
        return "the file ends Python while it is read", where, "take out exit()"
    if event["type"] == "MemoryError":
        return "the file takes more memory than it may", where, "make its arrays smaller"
    return f"running the file fails: {event['type']}: {event['why']}", where, "mend the line and run this again"


def _answers(
    folder: Path, events: list[dict[str, Any]], code: int, late: bool, printed: str, seconds: float, problems: int
) -> Answers:
    (defined,) = (e["names"] for e in events if e["event"] == "functions")
    found, stuck = dict[str, Found](), ""
    for event in (e for e in events if e["event"] == "found"):
        name = event["function"]
        mine = [e for e in events if e.get("function") == name]
        outcomes = {e["problem"]: _outcome(folder, e) for e in mine if e["event"] in ("failed", "gave")}
        if mine[-1]["event"] == "call":
            stuck = name
            why = f"It did not finish within {seconds:g} seconds." if late else f"It ended Python ({_status(code)})."
            outcomes[mine[-1]["problem"]] = Outcome("failed", why=why)
        again = outcomes.pop(problems, None)
        found[name] = Found(
            event["called"], tuple(outcomes.values()), again, event["by_position"], tuple(event["unknown"]),
            event["empty"],
        )  # fmt: skip
    return Answers(tuple(defined), found, printed, stuck)


def _outcome(folder: Path, event: dict[str, Any]) -> Outcome:
    if event["event"] == "failed":
        return Outcome("failed", why=_failed(event), line=event["line"], text=event["text"])
    found = _read(folder, event["value"])
    if found.kind == "value" and event["changed"]:
        return Outcome("changed", found.value, ", ".join(event["changed"]))
    return found


def _failed(event: dict[str, Any]) -> str:
    if event["type"] == "SystemExit":
        return "It ends Python"
    return f"{event['type']}: {event['why']}" if event["why"] else event["type"]


def _read(folder: Path, value: dict[str, Any]) -> Outcome:
    if value["is"] == "array":
        return Outcome("value", np.load(folder / value["file"], allow_pickle=False))
    if value["is"] == "dict":
        return Outcome("value", {k: _read(folder, v) for k, v in value["parts"].items()})
    if value["is"] == "nothing":
        return Outcome("nothing")
    return Outcome("other", why=value["type"])
