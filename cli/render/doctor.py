"""An examination, part by part: what was found, in words; last whether anything is broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich import filesize
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.lab.doctor.results import Blas, Cache, Choice, Cuda, CudaKernels, Kernels, Machine, Report, Texts
from cli.render.console import mark

_NAMES = 12  # columns of what stands on the left
_WIDEST = 100

Lines = Iterable[tuple[str, str]]  # what, and what was found of it


def show(console: Console, report: Report) -> None:
    """All of it."""
    _part(console, "Machine", _machine(report.machine))
    _part(console, "Kernels", [*_how(report.kernels), *_blas(report.blas), *_cache(report.cache)])
    if report.choices:
        _choices(console, report.choices)
    _part(console, "CUDA", _cuda(report.cuda))
    _part(console, "For bench", _peers(report.peers))
    _part(console, "Texts", _texts(report.texts))
    _verdict(console, report)


def _part(console: Console, title: str, lines: Lines) -> None:
    console.print(f"\n [title]{title}[/]\n")
    table = Table.grid(padding=(0, 1), pad_edge=True)
    table.add_column(style="quiet", min_width=_NAMES, no_wrap=True)
    table.add_column(overflow="fold")
    for name, found in lines:
        table.add_row(Text(name), Text(found))
    console.print(table, width=min(console.width, _WIDEST))


def _machine(machine: Machine) -> Lines:
    yield "processor", f"{machine.processor}, {_count(machine.cores, 'core')} at hand"
    yield "system", machine.system
    yield "Python", f"{machine.python}, {machine.executable}"
    yield from ((name, version or "not installed") for name, version in machine.versions.items())
    for name, value in machine.variables.items():
        yield "set", f"{name}={value}"


def _how(kernels: Kernels | None) -> Lines:
    if kernels is None:
        return
    fused = ", fused multiply-add" if kernels.fused_multiply_add else ", no fused multiply-add"
    yield "written for", f"{kernels.processor}: {kernels.vectors}, {kernels.vector_bytes} bytes a vector{fused}"
    yield "side by side", f"in {_count(kernels.threads, 'thread')} of our own; no threading layer of Numba's is needed"


def _blas(blas: Blas | None) -> Lines:
    if blas is not None:
        threads = "" if blas.threads is None else f", {_count(blas.threads, 'thread')}"
        yield "BLAS", f"{blas.name} {blas.version}{threads}, for products in NumPy"


def _cache(cache: Cache | None) -> Lines:
    if cache is None:
        return
    named = f", by {cache.named_by}" if cache.named_by else ""
    yield "kept in", f"{cache.folder}{named}"
    free = "" if cache.free is None else f", {filesize.decimal(cache.free)} free"
    if cache.obstacle:
        yield "", f"nothing can be kept there: {cache.obstacle}; set NUMBA_CACHE_DIR to another folder"
    else:
        yield "", f"can be written{free}"
    yield "", _there(cache)
    for older in cache.older:
        whose = "with nothing in them" if older.numba == "?" else f"of Numba {older.numba}, Python {older.python}"
        yield "not in use", f"{_count(older.folders, 'folder')} {whose}: {filesize.decimal(older.bytes)}"
    if cache.older:
        yield "", "to be rid of them delete the folder; rnn-lab warm fills it again"


def _there(cache: Cache) -> str:
    if not cache.kernels:
        return f"none of {cache.of} kernels is compiled yet"
    there = f"{cache.kernels} of {cache.of} kernels are compiled, for {cache.variants} combinations of types"
    return f"{there}: {filesize.decimal(cache.bytes)}"


def _choices(console: Console, choices: Iterable[Choice]) -> None:
    """A row for each cell, a column for each type of weights; then each reason once."""
    console.print('\n [title]Layers[/]  [quiet]what implementation="auto" takes[/]\n')
    cells: dict[str, dict[str, str]] = {}
    reasons: dict[tuple[str, str], None] = {}
    for choice in choices:
        cells.setdefault(choice.cell, {})[choice.dtype] = choice.takes
        reasons[choice.takes, choice.why] = None
    table = Table(box=None, padding=(0, 1), header_style="quiet")
    for header in ("", *next(iter(cells.values()))):
        table.add_column(header, no_wrap=True)
    for cell, taken in cells.items():
        table.add_row(cell, *taken.values())
    console.print(table)
    console.print()
    notes = Table.grid(padding=(0, 1), pad_edge=True)
    notes.add_column(style="quiet", min_width=_NAMES, no_wrap=True)
    notes.add_column(style="quiet")
    for takes, why in reasons:
        notes.add_row(takes, Text(why))
    notes.add_row("ids", "integer inputs look up rows of the weights, fused and stepwise")
    console.print(notes, width=min(console.width, _WIDEST))


def _cuda(cuda: Cuda | None) -> Lines:
    if cuda is None:
        return
    yield "driver", cuda.driver or "none"
    yield from (("device", device) for device in cuda.devices or ("none",))
    yield "compiled by", cuda.package or "no package"
    if cuda.deprecated:
        yield "", "this is the target that comes with Numba, which is deprecated: better `pip install numba-cuda`"
    if cuda.missing:
        yield "in the way", f"{cuda.missing}; {cuda.remedy}"
    else:
        yield "to use it", "rnn-lab train --device cuda"
    if cuda.kernels:
        yield from _on_cuda(cuda.kernels)


def _on_cuda(kernels: CudaKernels) -> Lines:
    yield "layers", f"{', '.join(kernels.fused)}: a launch for a whole sequence, forwards and back"
    yield "", f"{', '.join(kernels.stepwise)}: step by step, of ops"
    lacking = f", but not {', '.join(kernels.lacking)}" if kernels.lacking else ""
    yield "ops", f"all {kernels.ops}" if not lacking else f"{kernels.ops}{lacking}"


def _peers(peers: Mapping[str, str | None]) -> Lines:
    return [(name, version or "not installed here; see bench --peers") for name, version in peers.items()]


def _texts(texts: Texts | None) -> Lines:
    if texts is None:
        return
    for place in texts.places:
        named = f"{place.named_by} = " if place.named_by else ""
        yield "looked in", f"{named}{place.folder}{'' if place.there else ', which is not there'}"
    for text in texts.texts:
        where = ", ".join(filter(None, (text.path, text.problem)))
        yield text.name, f"{where}; {text.remedy}" if text.remedy else where


def _verdict(console: Console, report: Report) -> None:
    console.print()
    for fault in report.broken:
        console.print(Padding(Text.from_markup(f"{mark(False)} ").append(fault), (0, 1)))
    if report.broken:
        console.print("\n [quiet]mend it and ask again: rnn-lab doctor[/]")
        return
    console.print(f" {mark(True)} nothing is broken")
    cold = report.cache is not None and report.cache.kernels < report.cache.of
    console.print(f"\n [quiet]{'compile ahead: rnn-lab warm' if cold else 'begin with: rnn-lab lesson bptt'}[/]")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
