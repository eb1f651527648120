"""Options that several subcommands share, and JSON Lines."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import click

plain = click.option("--plain", is_flag=True, help="No colour and no redrawing.")
as_json = click.option("--json", "as_json", is_flag=True, help="JSON Lines on stdout, and nothing else there.")
seed = click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Seed of all randomness.")


def text_options(command: Any) -> Any:
    """--corpus, --clean and --split."""
    for option in (
        click.option("--split", type=float, help="Fraction to train on; the rest is held out. Default: the corpus' own."),
        click.option("--clean", metavar="CLEANING", help="none, d2l-zh or d2l-v1. Default: the corpus' own."),
        click.option("--corpus", metavar="NAME|PATH", help="The text. Default: the-lighthouse."),
    ):
        command = option(command)
    return command


def write_json(row: Mapping[str, Any]) -> None:
    """One line. A number that is not finite becomes null, with the reason beside it."""
    clean: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, float) and not math.isfinite(value):
            clean[key] = None
            clean[f"{key}_reason"] = "infinite" if math.isinf(value) else "not a number"
        else:
            clean[key] = value
    click.echo(json.dumps(clean, ensure_ascii=False, allow_nan=False))
