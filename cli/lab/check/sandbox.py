"""Runs a student's file and writes down what its functions give. Started as a program of its own, by `runner`.

    python sandbox.py FILE FOLDER

FOLDER holds `asked.json` (which functions, under which names, with which arguments) and `problems.npz`. What
happens goes line by line into `report.jsonl`, arrays beside it, so that a file that hangs or ends Python has still
told how far it came. Imports nothing of the project: it may be read and run by anybody.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import json
import os
import shutil
import signal
import sys
import threading
import traceback
from collections import OrderedDict
from importlib.util import decode_source
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

MOST = 10**6  # numbers in one answer


def limit(memory: int, seconds: int) -> None:
    """Bound memory (bytes), processor time (seconds) and what can be written, where the system knows how."""
    try:
        import resource
    except ImportError:  # not on Windows; the time is bounded from outside as well
        return
    for kind, most in (("RLIMIT_AS", memory), ("RLIMIT_CPU", seconds), ("RLIMIT_FSIZE", 2**26), ("RLIMIT_CORE", 0)):
        which = getattr(resource, kind, None)
        if which is not None:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(which, (most, resource.getrlimit(which)[1]))


def follow(folder: Path) -> None:
    """End with whoever has started this: when standard input closes, nobody waits for an answer any more.

    The file itself gets an empty standard input.
    """
    lifeline, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def wait() -> None:
        with contextlib.suppress(OSError):
            os.read(lifeline, 1)
        shutil.rmtree(folder, ignore_errors=True)  # whoever was to do it has ended
        if os.name == "posix":
            os.killpg(0, signal.SIGKILL)  # this process leads a group: all that it has started
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


class Report:
    """What has happened so far, in a folder."""

    def __init__(self, folder: Path):
        self.folder, self.count = folder, 0
        self.file = (folder / "report.jsonl").open("a", encoding="utf-8")
        self.pid = os.getpid()

    def add(self, event: str, **more: Any) -> None:
        """One line. A process that the file has forked ends here and says nothing."""
        if os.getpid() != self.pid:
            os._exit(0)
        self.file.write(json.dumps({"event": event, **more}) + "\n")
        self.file.flush()

    def array(self, value: Any) -> dict[str, Any]:
        """What a function gave: the name of its array, or why it is none."""
        if value is None:
            return {"is": "nothing"}
        if isinstance(value, dict):
            return {"is": "dict", "parts": {str(k): self.array(v) for k, v in value.items()}}
        try:
            found = np.asarray(value.detach() if type(value).__module__.startswith("torch") else value)
        except Exception as error:  # whatever a foreign object does when it is to become an array
            return {"is": "other", "type": type(value).__name__, "why": str(error)}
        if found.dtype.kind not in "biuf":
            return {"is": "other", "type": _kind(value, found), "why": ""}
        if found.size > MOST:
            raise ValueError(f"it gives {found.size:,} numbers")
        self.count += 1
        np.save(self.folder / f"{self.count}.npy", np.asarray(found, np.float64), allow_pickle=False)
        return {"is": "array", "file": f"{self.count}.npy"}


def _kind(value: Any, found: np.ndarray) -> str:
    kinds = {"c": "array of complex numbers", "O": "array of objects", "U": "array of texts"}
    return kinds.get(found.dtype.kind, "array") if isinstance(value, np.ndarray) else type(value).__name__


def main(path: str, folder: Path) -> None:
    """Read, run, report."""
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    report = Report(folder)
    with np.load(folder / "problems.npz", allow_pickle=False) as stored:
        problems: list[dict[str, Any]] = [{} for _ in range(asked["problems"])]
        for key in stored.files:
            number, _, name = key.partition("/")
            problems[int(number)][name] = stored[key]
    follow(folder)
    limit(asked["memory"], asked["seconds"])
    module = _module(path, report)
    if module is not None:
        _answer(module, path, asked, problems, report)
        report.add("end")
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(0)  # whatever the file has started is not waited for


def _module(path: str, report: Report) -> ModuleType | None:
    """The file as a module, its folder first on the path so that it may import what lies beside it."""
    try:
        code = compile(decode_source(Path(path).read_bytes()), path, "exec", dont_inherit=True)
    except UnicodeDecodeError as error:
        report.add("syntax", line=error.object[: error.start].count(b"\n") + 1, text="", why="not UTF-8")
        return None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        report.add("syntax", line=line, text=(getattr(error, "text", None) or "").strip(), why=_message(error))
        return None
    module = ModuleType("derivation")
    module.__file__ = path
    sys.modules["derivation"] = module  # dataclasses and the like look there
    sys.path.insert(0, str(Path(path).resolve().parent))
    try:
        exec(code, vars(module))
    except BaseException as error:  # SystemExit too: a file that ends Python is to be told from one that fails
        report.add("import", **_failure(error, path))
        return None
    return module


def _message(error: BaseException) -> str:
    return str(getattr(error, "msg", None) or error)


def _failure(error: BaseException, path: str) -> dict[str, Any]:
    """The type and message of an exception, and the last line of the file that it passed through."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
    last = frames[-1] if frames else None
    return {
        "type": type(error).__name__, "why": _message(error), "line": last.lineno if last else None,
        "text": last.line if last else "", "missing": getattr(error, "name", None),
    }  # fmt: skip


def _answer(module: ModuleType, path: str, asked: Any, problems: list[dict[str, Any]], report: Report) -> None:
    tree = ast.parse(decode_source(Path(path).read_bytes()))
    own = _own(module, path, tree)
    report.add("functions", names=list(own))
    blank = _blank(tree)
    for name, wanted in asked["functions"].items():
        several = _several([n for n in wanted["names"] if n in own], own, tree)
        if several:
            report.add("several", function=name, names=several)
            return
    for name, wanted in asked["functions"].items():
        called = next((n for n in wanted["names"] if n in own), None)
        if called is None:
            continue
        taken, by_position, unknown = _taken(own[called], wanted["arguments"], wanted["aliases"], wanted["known"])
        empty = called in blank
        report.add("found", function=name, called=called, by_position=by_position, unknown=unknown, empty=empty)
        if not unknown and not empty:
            _call(own[called], name, taken, problems, path, report)


def _own(module: ModuleType, path: str, tree: ast.Module) -> dict[str, Any]:
    """The functions that the file defines, by `def` or by giving a name to one; none that it imports."""
    targets = [t for s in tree.body if isinstance(s, ast.Assign) for t in s.targets]
    given = {t.id for t in targets if isinstance(t, ast.Name)}
    return {n: f for n, f in vars(module).items() if _defined(f, path) or (n in given and _is_function(f))}


def _defined(value: Any, path: str) -> bool:
    return inspect.isfunction(value) and value.__code__.co_filename == path


def _is_function(value: Any) -> bool:
    try:
        return callable(value) and not inspect.isclass(value) and bool(inspect.signature(value))
    except ValueError:  # one of NumPy's own
        return False


def _several(names: list[str], own: dict[str, Any], tree: ast.Module) -> list[str]:
    """What is meant for one answer, where it is more than one function: under several names, or under one twice."""
    if len({id(own[n]) for n in names}) > 1:
        return names
    for name in names:
        lines = [s.lineno for s in tree.body if isinstance(s, ast.FunctionDef) and s.name == name]
        if len(lines) > 1:
            return [f"{name} in line {n}" for n in lines]
    return []


def _blank(tree: ast.Module) -> set[str]:
    """The functions that have not been filled in."""
    functions = (n for n in tree.body if isinstance(n, ast.FunctionDef))
    return {f.name for f in functions if all(isinstance(s, ast.Pass) or _says_nothing(s) for s in f.body)}


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Raise):
        return "NotImplementedError" in ast.unparse(statement)
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _taken(
    function: Any, template: list[str], aliases: dict[str, str], known: list[str]
) -> tuple[dict[str, str], bool, list[str]]:
    """The quantity that each parameter asks for: by its name, else all by their positions, else what is unknown.

    Positions count only where no name says that it stands at another; a common spelling of what is not meant at all,
    such as p for y_hat, says nothing.
    """
    named = [p for p in inspect.signature(function).parameters.values() if _asks(p, known)]
    meant = {p.name: p.name if p.name in known else aliases.get(p.name, p.name) for p in named}
    unknown = [_shown(p) for p in named if meant[p.name] not in known]
    placed = len(named) == len(template) and dict(zip(meant, template, strict=True))
    free = {n for n in meant if n not in known and meant[n] not in template}
    if unknown and placed and all(n in free or meant[n] == quantity for n, quantity in placed.items()):
        return placed, True, []
    return meant, False, unknown


def _shown(p: inspect.Parameter) -> str:
    return str(p) if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) else p.name


def _asks(parameter: inspect.Parameter, known: list[str]) -> bool:
    """Whether a parameter is to be given something. One with a default is, where it has the name of a quantity."""
    return parameter.default is parameter.empty or parameter.name in known


def _call(
    function: Any, name: str, taken: dict[str, str], problems: list[dict[str, Any]], path: str, report: Report
) -> None:
    """On every problem, and on the first once more: what a function gives must not depend on earlier calls."""
    once_more = (len(problems), problems[0])  # before the others: what is kept may not fit these
    for number, problem in [(0, problems[0]), once_more, *list(enumerate(problems))[1:]]:
        given = {p: _copy(problem[quantity]) for p, quantity in taken.items()}
        bound = inspect.BoundArguments(inspect.signature(function), OrderedDict(given))
        report.add("call", function=name, problem=number)
        try:
            with np.errstate(all="ignore"):
                value = report.array(function(*bound.args, **bound.kwargs))
        except BaseException as error:  # SystemExit and KeyboardInterrupt as well: they are the file's own
            report.add("failed", function=name, problem=number, **_failure(error, path))
            return
        changed = [taken[p] for p, g in given.items() if not _same(g, problem[taken[p]])]
        report.add("gave", function=name, problem=number, changed=changed, value=value)


def _copy(a: Any) -> Any:
    """An array of the function's own; a number as a number."""
    return a.copy() if a.ndim else a.item()


def _same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b, equal_nan=np.asarray(b).dtype.kind == "f"))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
