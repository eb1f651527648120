"""rnn-lab lesson"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import click

from cli.commands import options


@click.command(epilog="Example: rnn-lab lesson bptt")
@click.argument("name", required=False)
@click.option("--from", "first", default=1, type=click.IntRange(min=1), help="The page to begin with.")
@click.option(
    "--set", "settings", multiple=True, metavar="KNOB=VALUE", help="Turn a knob of its experiments; repeatable."
)
@click.option("--check", is_flag=True, help="Run its experiments, print their claims, exit 1 if one fails.")
@click.option("--all", "every", is_flag=True, help="With --check: all lessons.")
@click.option("--full", is_flag=True, help="The textbook's settings in place of quick ones.")
@click.option("--lang", default="en", show_default=True, help="Language.")
@options.seed
@options.plain
@options.as_json
def command(
    name: str | None, first: int, settings: tuple[str, ...], check: bool, every: bool, full: bool, lang: str,
    seed: int, plain: bool, as_json: bool,
) -> int:  # fmt: skip
    """Read a lesson and run it, page by page.

    Without NAME: the lessons there are, what you have read and what comes next.
    """
    if as_json and not check:
        raise click.UsageError("--json goes with --check; add --check")
    if every and not check:
        raise click.UsageError("--all goes with --check; add --check")
    from cli.lab import lessons, progress
    from cli.render.console import make_console

    console = make_console(plain)
    if check and (name or every):
        names = lessons.names() if every else [str(name)]
        return _check(console, [lessons.load(n, lang) for n in names], seed, full, settings, as_json)
    if name is None:
        if check:
            raise click.UsageError("--check without a lesson; name one or add --all")
        from cli.render.lesson import catalogue

        catalogue(console, [lessons.load(n) for n in lessons.names()], progress.reached())
        return 0
    return _read(console, lessons.load(name, lang), first, seed, full, settings)


def _check(console: Any, chosen: list[Any], seed: int, full: bool, settings: tuple[str, ...], as_json: bool) -> int:
    from cli.lab import lessons
    from cli.lab.experiments import parse_settings
    from cli.render.lesson import claims

    held = True
    for lesson in chosen:
        found = lessons.check(lesson, seed=seed, full=full, settings=parse_settings(settings, lesson.experiments))
        if as_json:
            for _, claim in found:
                options.write_json(lessons.row(lesson, claim))
                held = held and claim.holds
        else:
            held = claims(console, lesson, found) and held
    return 0 if held else 1


def _read(console: Any, lesson: Any, first: int, seed: int, full: bool, texts: tuple[str, ...]) -> int:
    from cli.lab.experiments import parse_settings
    from cli.lab.progress import remember
    from cli.render.lesson import page

    last = len(lesson.pages)
    if first > last:
        raise click.UsageError(f"--from {first}, but {lesson.name} has {last} pages; give 1 to {last}")
    settings = parse_settings(texts, lesson.experiments)
    pausing = sys.stdin.isatty() and sys.stdout.isatty()
    number = first
    while number <= last:
        run = partial(_conduct, lesson, seed=seed, full=full, settings=settings)
        if pausing and console.is_terminal:
            console.clear()
        page(console, lesson, number, run)
        if not pausing:
            number += 1
            continue
        remember(lesson.name, number)
        answer = _ask(lesson, number == last)
        if answer == "q":
            return _left(lesson, number)
        if answer == "s":
            settings |= _turn(lesson)
        else:
            number = max(1, number - 1) if answer == "b" else number + 1
    return 0


def _conduct(lesson: Any, name: str, **how: Any) -> Any:
    from cli.lab.experiments import conduct

    return conduct(lesson.experiments[name], **how)


def _ask(lesson: Any, at_end: bool) -> str:
    """Wait for a key: enter, b, s or q; ? explains them."""
    while True:
        click.echo(
            f" {'enter to end' if at_end else 'enter on'} · b back · s set numbers · ? help · q leave ", nl=False
        )
        key = click.getchar()
        click.echo()
        if key in "\r\n ":
            return "on"
        if key in ("b", "s", "q"):
            return key
        if key in ("\x03", "\x04"):
            return "q"
        _help(lesson)


def _help(lesson: Any) -> None:
    from cli.lab.experiments import knobs_of

    click.echo("\n enter, space  next page      b  page before      q  leave; the page is remembered")
    click.echo(" s  turn a knob and see this page again, for example hidden=3. The knobs:")
    for name, default, bounds in knobs_of(lesson.experiments):
        click.echo(f"    {name}, now {default} unless set, from {bounds.low} to {bounds.high}")


def _turn(lesson: Any) -> dict[str, float]:
    from cli.lab.errors import LabError
    from cli.lab.experiments import parse_settings

    written = click.prompt(" knob=value", default="", show_default=False).split()
    try:
        return parse_settings(tuple(written), lesson.experiments)
    except LabError as error:
        click.echo(f" {error}")
        click.pause(" any key to go on")
        return {}


def _left(lesson: Any, number: int) -> int:
    click.echo(f" go on with: rnn-lab lesson {lesson.name} --from {number}")
    return 0
