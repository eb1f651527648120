"""Shades over time, and bars beneath a text."""

import pytest

from cli.lab.figures import Strips, Traces
from cli.render.figures import draw
from cli.render.strips import SHADES, strips
from cli.render.traces import LEVELS, traces

BOUNDS = (0.01, 0.1, 1.0, 10.0, 100.0)


def rows(figure, width):
    """What stands in the cells of each row, by name."""
    lines = strips(figure, width).plain.splitlines()[2:]
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[: len(figure.rows)]}


def test_a_shade_for_each_range():
    values = (0.0, 0.01, 0.5, 1.0, 99.0, 100.0, 1e9)
    shown = rows(Strips((("a", values),), BOUNDS, "title", "t"), 10)["a"]
    assert f" {shown}" == " ·░▒▓██"
    assert len(SHADES) == len(BOUNDS) + 1


def test_what_is_too_small_is_blank_and_keeps_its_place():
    figure = Strips((("a", (200.0, 0.0, 200.0)), ("b", (0.0, 200.0, 0.0))), BOUNDS, "title", "t")
    lines = strips(figure, 9).plain.splitlines()
    assert lines[2] == "a ██  ██"
    assert lines[3] == "b   ██"


@pytest.mark.parametrize("width", [20, 54, 78, 110])
@pytest.mark.parametrize("steps", [2, 41, 500])
def test_a_strip_fits_and_keeps_both_ends(width, steps):
    values = (200.0, *[0.0] * (steps - 2), 200.0)
    lines = strips(Strips((("name", values),), (1.0,), "title", "t"), width).plain.splitlines()
    assert max(map(len, lines[:4])) <= width
    assert lines[2].startswith("name ·")
    assert lines[2].endswith("·")
    assert lines[3].endswith(str(steps - 1))
    assert lines[3].split()[:2] == ["t", "0"]
    assert len(lines[3]) == len(lines[2])


def test_few_steps_are_drawn_twice_and_names_stand_at_the_right():
    figure = Strips((("a", (0.5, 200.0)), ("long", (200.0, 0.5))), BOUNDS, "title", "t")
    assert strips(figure, 40).plain.splitlines()[2:4] == ["   a ░░██", "long ██░░"]


def test_the_legend_names_every_shade_and_its_bound():
    text = strips(Strips((("a", (1.0, 2.0)),), BOUNDS, "title", "t"), 60).plain
    assert text.startswith("title\n")
    legend = text.splitlines()[-1]
    assert [part.split() for part in legend.removesuffix(" and more").split("  ")] == [
        ["·", "0.01"], ["░", "0.1"], ["▒", "1"], ["▓", "10"], ["█", "100"],
    ]  # fmt: skip


def test_bars_stand_below_their_characters():
    lines = traces(Traces("abcd", (("z", (0.0, 0.5, 0.99, 1.0)), ("zz", (1.0, 0.0, 0.0, 0.0)))), 40).plain.splitlines()
    assert lines == ["   abcd", " z ▁▅██", "zz █▁▁▁"]


@pytest.mark.parametrize(("value", "bar"), [(-3.0, "▁"), (0.124, "▁"), (0.125, "▂"), (7.0, "█")])
def test_bars_of_values(value, bar):
    assert traces(Traces("a", (("z", (value,)),)), 20).plain.splitlines()[1] == f"z {bar}"
    assert bar in LEVELS


def test_a_long_text_goes_on_below_with_its_bars():
    values = tuple(k / 10 for k in range(10))
    lines = traces(Traces("abcd\nfghij", (("z", values),), "a caption"), 6).plain.splitlines()
    assert [line.strip() for line in lines[::3]] == ["abcd", "↵fgh", "ij", "a caption"]
    assert "".join(line[2:] for line in lines[1:9:3]) == "".join(LEVELS[int(v * 8)] for v in values)
    assert max(map(len, lines[:8])) <= 6


def test_both_are_drawn_as_figures():
    assert "█" in draw(Strips((("a", (1.0, 200.0)),), BOUNDS, "title", "t"), 30).plain
    assert "█" in draw(Traces("a", (("z", (1.0,)),)), 30).plain
