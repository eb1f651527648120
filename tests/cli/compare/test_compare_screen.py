"""The screens of `rnn-lab compare`, at several widths and without colour."""

import math
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from compare_cases import rows
from rich.cells import cell_len

from cli.commands.compare import command
from cli.lab.comparison import Row, findings, plan
from cli.lab.texts import DEFAULT
from data import load
from rnn.baselines import SMOOTHINGS
from rnn.metrics import Evaluation


def test_the_table_has_every_figure_and_marks_the_best(compare):
    arguments = ["--corpus", "story", "--orders", "1-3", *(f"--smoothing={name}" for name in ("mle", "laplace", "d2l"))]
    lines = compare(*arguments, "--every")
    figures = rows(compare(*arguments, "--json"))
    units = set()
    for name, row in figures.items():
        line = next(line for line in lines if line.startswith(f" {name} "))
        units.add(line.index("∞") if "∞" in line else line.index(".") - 1)
        assert f"{row['train_perplexity']:.2f}" in line
        if row["held_out_perplexity"] is None:
            assert "∞" in line
            assert f"{row['zero_events']} unseen" in line
        else:
            assert f"{row['held_out_perplexity']:.2f}" in line
    finite = {name: row["held_out_perplexity"] for name, row in figures.items() if row["held_out_perplexity"]}
    best = min(finite, key=finite.get)
    assert f" lowest held-out: {best}, {finite[best]:.2f} ({math.log2(finite[best]):.3f} bits/char)" in lines
    assert len(units) == 1, "units stand below each other"


def grid(lines, title):
    """The lines of a table by order below its title, as lists, by name."""
    first = next(i for i, line in enumerate(lines) if title in line)
    first += lines[first:].index("") + 1
    assert lines[first].split() == [str(k) for k in range(1, len(lines[first].split()) + 1)]
    found = {}
    for line in lines[first + 1 :]:
        if not line:
            return found
        name, *numbers = re.split(r"\s{2,}| (?=[\d∞])", line.strip())
        found[name] = numbers
    return found


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_overview_has_every_held_out_perplexity_and_each_smoothing_s_preferred_order(compare, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines, figures = compare("--corpus", "story"), rows(compare("--corpus", "story", "--json"))
    assert max(map(cell_len, lines)) <= columns
    by_order, preferred = grid(lines, "held-out perplexity by order"), []
    for name, numbers in by_order.items():
        of = [row for row in figures.values() if row["smoothing"] == name]
        for text, row in zip(numbers, of, strict=True):
            decimals = len(text.partition(".")[2])
            exact = row["held_out_perplexity"] or math.inf
            assert (text == "∞") if exact == math.inf else abs(float(text) - exact) <= 0.5 * 10.0**-decimals + 1e-9
            assert decimals == 2 or exact > 99
        preferred.append(min(of, key=lambda row: row["development_perplexity"] or math.inf))
    preferred.sort(key=lambda row: -(row["held_out_perplexity"] or math.inf))
    end = next(i for i, line in enumerate(lines) if "lowest held-out" in line)
    models = [line for line in lines[:end] if re.match(r" [a-z0-9-]+ \d+ .*\d\.\d\d", line)]
    assert [line.split()[:2] for line in models] == [row["model"].split() for row in preferred]
    for line, row in zip(models, preferred, strict=True):
        assert f"{row['train_perplexity']:.2f}" in line
        if columns >= 80:
            assert f" {row['size']:,} " in line


def test_what_was_chosen_is_shown(compare):
    lines, figures = compare("--corpus", "story"), rows(compare("--corpus", "story", "--json"))
    shown = grid(lines, "chosen on the development part")
    for letter, key in (("ε", "epsilon"), ("D", "discount"), ("λ", "weights")):
        names = {row["smoothing"] for row in figures.values() if key in row["settings"]}
        assert names == {name.removesuffix(f" {letter}") for name in shown if name.endswith(letter)}
        for name in names:
            values = [row["settings"][key] for row in figures.values() if row["smoothing"] == name]
            exact = [value[-1] if letter == "λ" else value for value in values]
            for text, value in zip(shown[f"{name} {letter}"], exact, strict=True):
                assert abs(float(text) - value) <= (0.005 if letter == "λ" else 1e-9)
    by_hand = compare("--corpus", "story", "--epsilon", "2")
    assert not any(name.endswith("ε") for name in grid(by_hand, "chosen on the development part"))
    assert " ε = 2 by hand, for every order" in by_hand


def test_many_orders_are_folded(compare, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = compare("--corpus", "story", "--orders", "1-12", "--smoothing", "mle", "--smoothing", "kneser-ney")
    assert max(map(cell_len, lines)) <= 60
    heads = [line.split() for line in lines if re.fullmatch(r"(\s+\d+)+", line)]
    assert [int(k) for head in heads for k in head][:12] == list(range(1, 13))


def test_the_finding_is_made_of_what_was_measured(compare, train):
    Path("lamp.txt").write_text(load("the-lighthouse").text[:9000])
    train("a", "--corpus", "lamp")
    arguments = ["a", "--orders", "1-5", *(f"--smoothing={name}" for name in ("mle", "laplace", "kneser-ney"))]
    figures = rows(compare(*arguments, "--json"))
    shown = " ".join(" ".join(compare(*arguments)).split())
    good, laplace = (
        min((r for r in figures.values() if r["smoothing"] in names), key=lambda row: row["development_perplexity"])
        for names in (("kneser-ney", "modified-kneser-ney"), ("laplace",))
    )
    gap = laplace["bits_per_character"] - good["bits_per_character"]
    share = 1 - good["held_out_perplexity"] / laplace["held_out_perplexity"]
    told = f"{good['model']} ({good['held_out_perplexity']:.2f}) against {laplace['model']}"
    assert f"{told} ({laplace['held_out_perplexity']:.2f}), counted from the same text" in shown
    assert f"takes {share:.0%} off the perplexity, {gap:.2f} bits per character." in shown
    run = figures["run a"]
    loss = run["bits_per_character"] - good["bits_per_character"]
    named = f"run a ({run['held_out_perplexity']:.2f}) loses to {good['model']} ({good['held_out_perplexity']:.2f})"
    assert f"{named} by {loss:.2f} bits per character: counting is better here." in shown
    counting = [row for row in figures.values() if row["order"]]
    memory = min(counting, key=lambda row: row["train_perplexity"])
    assert f"{memory['model']} has the lowest training perplexity, {memory['train_perplexity']:.2f}, and" in shown
    assert "that is memory" in shown


def test_bars_are_as_long_as_bits_and_the_uniform_one_is_full(compare, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    arguments = ["--corpus", "story", "--orders", "1-4", "--smoothing", "d2l"]
    figures = rows(compare(*arguments, "--json"))
    ceiling = figures["uniform"]["bits_per_character"]
    for line in compare(*arguments):
        name = next((name for name in figures if line.startswith(f" {name} ")), None)
        if name:
            bar = re.search("[█▏▎▍▌▋▊▉]+", line)[0]
            eighths = sum(" ▏▎▍▌▋▊▉█".index(block) for block in bar)
            assert abs(eighths - 320 * min(1, figures[name]["bits_per_character"] / ceiling)) <= 1


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_it_fits(compare, monkeypatch, train, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    train("a-run-with-a-name-that-is-rather-too-long-for-the-table")
    lines = compare("a-run-with-a-name-that-is-rather-too-long-for-the-table", "--orders", "1-2")
    assert max(map(cell_len, lines)) <= columns
    squeezed = "".join("".join(lines).split())
    assert "a-run-with-a-name" in squeezed
    assert "rnn-labsample" in squeezed


def test_without_colour_nothing_is_lost(compare, monkeypatch):
    arguments = ["--corpus", "story", "--orders", "1-2", "--smoothing", "d2l"]  # narrow: no seconds are shown
    monkeypatch.setenv("COLUMNS", "70")
    piped = compare(*arguments)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert compare(*arguments, "--plain") == piped
    colourful = compare(*arguments)
    assert any("\x1b[" in line for line in colourful)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in colourful] == piped
    monkeypatch.setenv("NO_COLOR", "1")
    assert not any(re.search(r"\x1b\[[0-9;]*3[0-7]", line) for line in compare(*arguments))
    monkeypatch.delenv("FORCE_COLOR")
    assert "\x1b" not in "".join(compare(*arguments))


def test_help_names_every_smoothing_and_the_default_text():
    shown = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    assert f"Smoothings: {', '.join(SMOOTHINGS)}." in shown
    assert f"Default: {DEFAULT}." in shown


def measured(bits, zeros=0):
    nats = math.inf if zeros else bits * math.log(2)
    return Evaluation(100, nats, math.exp(nats), nats / math.log(2), zeros)


def row(model, kind, held_out, order=None, train=1.0):
    return Row(model, kind, "char", order, measured(held_out), measured(train), measured(held_out))


@pytest.mark.parametrize(
    ("good", "laplace", "run", "says"),
    [
        (2.0, 3.0, 1.5, ["takes 50% off the perplexity, 1.00 bits", "run r (2.83) beats modified-kneser-ney 3 (4.00)"]),
        (
            2.0,
            2.0,
            2.001,
            ["3 (4.00) and laplace 2 (4.00) come out even", "run r (4.00) and laplace 2 (4.00) come out even."],
        ),
        (
            2.5,
            2.0,
            2.6,
            [
                "loses to laplace 2 (4.00) here, by 0.50 bits",
                "run r (6.06) loses to laplace 2 (4.00) by 0.60 bits",  # the best that counts
            ],
        ),
        (2.0, 3.0, None, ["A network has to get below 4.00"]),
    ],
)
def test_findings_say_who_is_better_whichever_it_is(good, laplace, run, says):
    found = [row("laplace 2", "laplace", laplace, 2), row("modified-kneser-ney 3", "modified-kneser-ney", good, 3)]
    found += [row("run r", "run", run)] if run else []
    said = " ".join(findings(plan(corpus="story"), found))
    assert all(one in said for one in says), said


def test_without_counting_to_compare_with_nothing_is_claimed():
    assert findings(plan(corpus="story"), [row("uniform", "uniform", 5.0)]) == ()
