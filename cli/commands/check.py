"""rnn-lab check"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli.commands import options


@click.command(epilog="Begin with: rnn-lab check --new softmax")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--new", metavar="EXERCISE", help="Write the file of an exercise into this folder, to be filled in.")
@click.option("--as", "name", metavar="EXERCISE", help="Which exercise the file is. Default: as its name says.")
@click.option("--hint", is_flag=True, help="A hint for the first function that is not right; a plainer one each time.")
@click.option("--solution", is_flag=True, help="The derivation and a solution of the file's exercise.")
@click.option("--watch", is_flag=True, help="Check again whenever the file is saved.")
@options.seed
@options.plain
@options.as_json
def command(
    files: tuple[str, ...], new: str | None, name: str | None, hint: bool, solution: bool, watch: bool, seed: int,
    plain: bool, as_json: bool,
) -> int:  # fmt: skip
    """Hand in a derivation of your own, and learn which term is wrong.

    FILE holds functions such as grad_W(h, h0, grad_h), each called with the right values of what it asks for, and
    compared on random problems with what is right and with every known mistake. Without FILE: the exercises. The
    file is your own code and runs on your own machine, in a process with little time and memory. Exit status 1 if
    an answer is wrong.
    """
    _refuse(files, new, hint, solution, watch, as_json)
    from cli.lab.check.exercise import exercise, exercises, write
    from cli.lab.progress import solved
    from cli.render import check as show
    from cli.render.console import make_console

    console = make_console(plain)
    if new is not None:
        show.written(console, exercise(new), write(exercise(new), Path.cwd()))
        return 0
    if not files:
        begun = [e.name for e in exercises().values() if Path(e.filename).exists()]
        show.catalogue(console, list(exercises().values()), solved(), begun)
        return 0
    if as_json:
        return _rows([Path(f) for f in files], name, seed)
    path = Path(files[0])
    if solution:
        show.solution(console, _exercise_of(path, name, there=False), path)
        return 0
    e = _exercise_of(path, name)
    return _watch(console, path, e, seed) if watch else _once(console, path, e, seed, hint=hint)


def _refuse(files: tuple[str, ...], new: str | None, hint: bool, solution: bool, watch: bool, as_json: bool) -> None:
    if new is not None and (files or hint or solution or watch or as_json):
        raise click.UsageError("--new goes alone; leave the rest out")
    if not files and (hint or solution or watch or as_json):
        raise click.UsageError("no FILE; name the file to check")
    if len(files) > 1 and not as_json:
        raise click.UsageError("several files go with --json; add --json or name one")
    if sum((hint, solution, watch, as_json)) > 1:
        raise click.UsageError("--hint, --solution, --watch and --json go one at a time; leave the others out")


def _exercise_of(path: Path, name: str | None, *, there: bool = True) -> Any:
    """The exercise that a file is for. Unless told otherwise, the file has to be there."""
    from cli.lab.check.exercise import exercise, exercises, of_file
    from cli.lab.check.runner import readable

    found = exercise(name) if name is not None else None
    if there:
        meant = (e.name for e in exercises().values() if path.name in (e.filename, e.name))
        readable(path, next(meant, name or "EXERCISE"))
    return found or of_file(path)


def _once(console: Any, path: Path, e: Any, seed: int, *, hint: bool = False, watched: bool = False) -> int:
    from cli.lab.check.handin import check
    from cli.lab.progress import handed_in
    from cli.render import check as show

    found = check(path, e, seed=seed)
    parts = len(e.asks)  # in one function that gives several of them, it is all or some
    handed_in(e.name, parts if found.ok else min(found.right, parts - 1))
    if hint and found.first is not None:
        show.hint(console, found, found.first, _next_hint(e.name, found.first.name), path)
    else:
        show.handin(console, found, path, watched=watched)
    return 0 if found.ok else 1


def _next_hint(exercise: str, function: str) -> int:
    from cli.lab.progress import hinted, hints

    count = min(hints().get(f"{exercise} {function}", 0) + 1, 3)
    hinted(exercise, function, count)
    return count


def _watch(console: Any, path: Path, e: Any, seed: int) -> int:
    """Check at once and after each change; ends when all is right."""
    from cli.lab.check.watching import changes
    from cli.lab.errors import LabError, one_line
    from cli.render import check as show

    for _ in changes(path):
        if console.is_terminal:
            console.clear()
        try:
            if _once(console, path, e, seed, watched=True) == 0:
                break
        except LabError as error:  # a file that is half written is mended soon
            show.refused(console, one_line(error) or "")
            show.waiting(console)
    return 0


def _rows(paths: list[Path], name: str | None, seed: int) -> int:
    """A row for each part of each file; a file that cannot be checked is a row with its error."""
    from cli.lab.check.handin import check, rows
    from cli.lab.errors import LabError, one_line

    status = 0
    for path in paths:
        try:
            found = check(path, _exercise_of(path, name), seed=seed)
        except LabError as error:
            options.write_json({"file": str(path), "error": one_line(error)})
            status = 2
            continue
        for row in rows(path, found):
            options.write_json(row)
        status = max(status, 0 if found.ok else 1)
    return status
