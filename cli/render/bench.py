"""Times side by side: a table of numbers, the same as bars, and how to read them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.lab.bench.implementations import IMPLEMENTATIONS, ON_CUDA
from cli.lab.bench.report import Length, Memory, Report
from cli.lab.bench.results import PEERS, Times, Timing
from cli.lab.bench.workloads import Workload
from cli.render.bars import bar

_ALL_COLUMNS_FROM = 88  # terminal columns
_LONGEST_BAR = 60
_QUIET_SECONDS = 10.0  # between lines where nothing is redrawn
_BESIDE = (*PEERS, "torch_layer")
_TITLES = {name: one.title for name, one in (ON_CUDA | IMPLEMENTATIONS).items()}


@contextmanager
def follow(console: Console, workloads: Sequence[Workload]) -> Iterator[Callable[[str], None]]:
    """What to call with whatever is going on: a line that is redrawn, or where nobody watches one now and then."""
    if not console.is_terminal or console.no_color:
        spoke = time.perf_counter()

        def say(what: str) -> None:
            nonlocal spoke
            if time.perf_counter() - spoke > _QUIET_SECONDS:
                spoke = time.perf_counter()
                console.print(what, soft_wrap=True)

        yield say
        return
    places = {w.name: f"{n} of {len(workloads)}" for n, w in enumerate(workloads, 1)}
    with console.status(" [quiet]starting[/]", spinner_style="bar") as status:
        place = ""

        def redraw(what: str) -> None:
            nonlocal place
            place = places.get(what.partition(":")[0], place)
            status.update(f"[quiet]{escape(what)}  ({place})[/]")

        yield redraw


def show_list(console: Console, names: Mapping[str, str]) -> None:
    """Every workload and what it measures."""
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(style="accent", no_wrap=True)
    table.add_column()
    for name, what in names.items():
        table.add_row(name, what)
    console.print()
    console.print(table)
    console.print("\n [quiet]time some of them: rnn-lab bench rnn-256 lstm-256[/]")


def show(console: Console, report: Report) -> None:
    """All results by kind, what is missing, and how to read it."""
    training = [t for t in report.timings if not t.workload.tokens]
    if training:
        _heading(console, "Training steps", _setting(report))
        _timings(console, training, "ms a step")
        _mean(console, report)
    for t in (t for t in report.timings if t.workload.tokens):
        _heading(console, f"{t.workload.tokens} tokens, one after the other", _setting(report))
        _timings(console, [t], "ms for all")
    for result in report.results:
        if isinstance(result, Memory):
            _memory(console, result)
    if lengths := [r for r in report.results if isinstance(r, Length)]:
        _lengths(console, lengths)
    _notes(console, report)
    console.print(Padding(f"[quiet]{_next(report)}[/]", (1, 1, 0, 1)))


def _heading(console: Console, title: str, about: str) -> None:
    """On two lines where one is too short."""
    gap = "  " if len(title + about) + 4 <= console.width else "\n"
    console.print(Padding(Text.assemble((title, "title"), gap, (about, "quiet")), (1, 1), expand=False))


def _setting(report: Report) -> str:
    """Who took part, by version, and on what: the GPU, or how many cores."""
    names = {"ours": "rnn-lab", "torch": "torch", "jax": "JAX"}
    versions = [f"{title} {report.versions[name]}" for name, title in names.items() if name in report.versions]
    return ", ".join([report.gpu or f"{report.cores} core{'s' * (report.cores > 1)}", *versions])


def _shown(timings: Sequence[Timing]) -> list[str]:
    """Ours and the peers that were measured anywhere; the stepwise layers where there is no peer."""
    peers = [p for p in _BESIDE if any(p in t.by and t.by[p].seconds for t in timings)]
    return ["ours", *(peers or ["stepwise"])]


def _timings(console: Console, timings: Sequence[Timing], unit: str) -> None:
    names = _shown(timings)
    wide = console.width >= _ALL_COLUMNS_FROM
    _numbers(console, timings, unit, names, wide)
    room = min(console.width - max(len(t.workload.name) for t in timings) - max(map(_width, names)) - 15, _LONGEST_BAR)
    chart = Table(box=None, padding=(0, 1), show_header=False)
    for justify in ("left", "left", "left", "right"):
        chart.add_column(justify=justify, no_wrap=True)
    for t in timings:
        if t is not timings[0]:
            chart.add_row()
        _bars(chart, t, names, room)
    console.print()
    console.print(chart)


def _numbers(console: Console, timings: Sequence[Timing], unit: str, names: list[str], wide: bool) -> None:
    table = Table(box=None, padding=(0, 1), header_style="quiet", pad_edge=True)
    table.add_column(unit, no_wrap=True)
    columns = [*names, *(["stepwise"] if wide and "stepwise" not in names else [])]
    for name in columns:
        table.add_column(_TITLES[name], justify="right", style="accent" if name == "ours" else "")
    others = {header: [cell(t) for t in timings] for header, cell in (_WIDE if wide else _NARROW).items()}
    others = {header: cells for header, cells in others.items() if set(cells) != {"–"}}
    for header in others:
        table.add_column(header, justify="right", no_wrap=True)
    for n, t in enumerate(timings):
        times = (_ms(t.by.get(name)) for name in columns)
        table.add_row(t.workload.name, *times, *(cells[n] for cells in others.values()))
    console.print(table)


def _bars(chart: Table, t: Timing, names: list[str], room: int) -> None:
    """A bar for each that was measured, the slowest one full."""
    measured = {name: s for name in names if name in t.by and (s := t.by[name].seconds)}
    for name, seconds in measured.items():
        picture = bar(seconds / max(measured.values()), room)
        first = t.workload.name if name == next(iter(measured)) else ""
        row = first, _TITLES[name], picture if name == "ours" else Text(picture.plain, style="quiet"), _ms(t.by[name])
        chart.add_row(*row, style="accent" if name == "ours" else "")


def _mean(console: Console, report: Report) -> None:
    if report.mean is None:
        said = "no ratio: no peer was measured"
    else:
        many = f", the geometric mean of {len(report.counted)}" if len(report.counted) > 1 else ""
        said = f"[accent]{report.mean:.2f} times[/] as fast as the faster peer{many}"
    console.print(Padding(said, (1, 1, 0, 1)))


def _memory(console: Console, memory: Memory) -> None:
    w = memory.workload
    _heading(console, "Peak memory of a training step", f"{w.what}, T = {w.steps}, B = {w.batch}")
    table = Table(box=None, padding=(0, 1), header_style="quiet")
    for header, justify in (("", "left"), ("MB", "right"), ("ours of it", "right"), ("", "left")):
        table.add_column(header, justify=justify, no_wrap=True)  # type: ignore[arg-type]  # rich wants a literal
    known = {name: size for name, size in memory.by.items() if isinstance(size, int)}
    for name, size in known.items():
        share = memory.of(name) if name != "ours" else None
        cells = _TITLES[name], f"{size / 1e6:,.0f}", "" if share is None else f"{share:.2f}"
        table.add_row(*cells, bar(size / max(known.values()), 24), style="accent" if name == "ours" else "")
    console.print(table)
    for name, why in ((n, w) for n, w in memory.by.items() if isinstance(w, str)):
        console.print(f" [quiet]{escape(f'{_TITLES[name]}: {why}')}[/]")


def _lengths(console: Console, lengths: Sequence[Length]) -> None:
    _heading(console, "How cost grows", f"a training step of {lengths[0].workload.what}")
    longest = max((r.per_token or 0.0) for r in lengths)
    for axis, fixed in (("T", "B"), ("B", "T")):
        rows = [r for r in lengths if r.axis == axis]
        if not rows:
            continue
        if axis == "B":
            console.print()
        size = {"T": rows[0].workload.steps, "B": rows[0].workload.batch}[fixed]
        table = Table(box=None, padding=(0, 1), header_style="quiet")
        for header in (f"{axis}, {fixed} = {size}", "ms a step", "ns a token"):
            table.add_column(header, justify="right", no_wrap=True)
        table.add_column(no_wrap=True)
        for r in rows:
            length = r.workload.steps if axis == "T" else r.workload.batch
            token = r.per_token
            cells = f"{length:,}", _ms(r.times), "–" if token is None else f"{token * 1e9:,.0f}"
            table.add_row(*cells, bar(token / longest, 20) if token else r.times.missing)
        console.print(table)


def _notes(console: Console, report: Report) -> None:
    notes = Table(box=None, padding=(0, 1), show_header=False)
    notes.add_column(style="quiet", no_wrap=True)
    notes.add_column(style="quiet")
    for title, why in _absent(report.timings).items():
        notes.add_row(title, escape(why))
    if any(t.ratio for t in report.timings):
        notes.add_row("ratio", "how many times as fast as the faster peer, by the medians of all rounds")
    if report.gpu:
        notes.add_row("clock", "the GPU's events around steps in a row; float32 throughout, with TF32 off in torch")
    elif any(t.ratio for t in report.timings):
        notes.add_row("threads", "of each peer as many as suit it best; of ours what --threads says, or all cores")
    if any(t.floor_share for t in report.timings):
        notes.add_row("floor", "the share of our time that the products of a step take alone")
    if any(isinstance(r, Memory) for r in report.results):
        notes.add_row("MB", "of 10⁶ bytes, above what the process had before its inputs were built")
    if any(isinstance(r, Length) for r in report.results):
        notes.add_row("bars", "equally long where cost grows linearly")
    console.print()
    console.print(notes)


def _absent(timings: Sequence[Timing]) -> dict[str, str]:
    """A line for each that was not measured and whose reason is not obvious, with the workload if it is one of many."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for t in timings:
        for name, times in t.by.items():
            if times.missing:
                reasons.setdefault((_TITLES[name], times.missing), []).append(t.workload.name)
    found: dict[str, str] = {}
    for (title, why), where in reasons.items():
        line = why if len(where) == len(timings) else f"{', '.join(where)}: {why}"
        found[title] = f"{found[title]}; {line}" if title in found else line
    return found


def _next(report: Report) -> str:
    if report.timings and not any(t.faster_peer for t in report.timings):
        return "beside torch or JAX: rnn-lab bench --peers PYTHON"
    return "what else there is: rnn-lab bench --list"


def _ms(times: Times | None) -> str:
    return "–" if times is None or times.seconds is None else f"{times.seconds * 1e3:,.2f}"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _range(t: Timing) -> str:
    return f"{min(t.ratios):.2f} – {max(t.ratios):.2f}" if t.ratios else "–"


def _threads(t: Timing) -> str:
    """Of ours and of each peer, in the order of the columns."""
    return " ".join(str(t.by[n].threads or "–") for n in ("ours", *_BESIDE) if n in t.by)


def _width(name: str) -> int:
    return len(_TITLES[name])


_NARROW: dict[str, Callable[[Timing], str]] = {
    "ratio": lambda t: _number(t.ratio, ".2f"),
    "floor": lambda t: _number(t.floor_share, ".0%"),
}
_WIDE = _NARROW | {"of each round": _range, "GFLOP/s": lambda t: _number(t.gflops, ".0f"), "threads": _threads}
"""The columns after those of the times, by their headers."""
