"""Options that several subcommands share, and JSON Lines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import click


class Positive(click.FloatRange):
    """A finite number above 0."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As FloatRange, which lets nan and inf through."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


plain = click.option("--plain", is_flag=True, help="No colour and no redrawing.")
as_json = click.option("--json", "as_json", is_flag=True, help="JSON Lines on stdout, and nothing else there.")
seed = click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Seed of all randomness.")


def cut_options(command: Any) -> Any:
    """--clean, --tokens and --split."""
    own = "Default: the corpus' own."
    kinds = click.Choice(["char", "word", "byte"])
    tokens = click.option("--tokens", type=kinds, help=f"What a token is. {own}")
    split = click.option("--split", type=float, help=f"Fraction to train on; the rest is held out. {own}")
    clean = click.option("--clean", metavar="CLEANING", help=f"none, d2l-zh or d2l-v1. {own}")
    return clean(tokens(split(command)))


def text_options(command: Any) -> Any:
    """--corpus, --clean, --tokens and --split; each is None unless given."""
    corpus = click.option("--corpus", metavar="NAME|PATH", help="The text. Default: the-lighthouse.")
    return corpus(cut_options(command))


def given(context: click.Context, name: str) -> bool:
    """Whether an option was typed, and is not its default."""
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def write_json(row: Mapping[str, Any]) -> None:
    """One line on stdout."""
    from cli.lab.rows import line

    click.echo(line(row))
