"""Random graphs: the picture has everything once, every reference leads somewhere, and it can be computed from."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import Tensor, Value, graph_of
from minigrad.view.rows import placed

ONE = ("neg", "tanh", "sigmoid", "relu")
TWO = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b}
steps = st.lists(
    st.tuples(st.sampled_from([*ONE, *TWO]), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=25
)
SETTINGS = settings(max_examples=40, deadline=None)
SVG = "{http://www.w3.org/2000/svg}"


def apply(name, *values):
    return TWO[name](*values) if name in TWO else -values[0] if name == "neg" else getattr(values[0], name)()


def build(program, leaves):
    values = list(leaves)
    for name, i, j in program:
        values.append(apply(name, *(values[k % len(values)] for k in ((i,) if name in ONE else (i, j)))))
    return values[-1]


def counted(output):
    """Ops, leaves and what is read, by a walk of its own."""
    seen, waiting, reads = {id(output): output}, [output], 0
    while waiting:
        for parent in waiting.pop().parents:
            reads += 1
            if id(parent) not in seen:
                seen[id(parent)] = parent
                waiting.append(parent)
    ops = sum(bool(v.parents) for v in seen.values())
    return ops, len(seen) - ops, reads


def check_references(view):
    marks = [line.mark for line in view.lines if line.mark]
    assert len(marks) == len({*marks})
    for line in view.lines:
        assert bool(line.target) == (line.role == "reference")
        assert not line.target or line.target in marks
        assert not line.target or line.times == 0
    assert sum(line.times for line in view.lines if line.role == "op") == view.ops
    assert sum(line.times for line in view.lines if line.role == "leaf") == view.leaves


def check_drawings(view):
    """Both languages are well formed and have a box for each part and a line for each link."""
    links = sum(len(slot) for part in view.parts for slot in part.slots)
    root = ET.fromstring(view.svg())
    assert len(root.findall(f"{SVG}rect")) == len(view.parts) + 1
    assert len(root.findall(f"{SVG}path")) == links
    dot = view.dot()
    declared = re.findall(r"^  (p\d+) \[label=", dot, re.MULTILINE)
    edges = re.findall(r"^  (p\d+) -> (p\d+)", dot, re.MULTILINE)
    assert len(declared) == len({*declared}) == len(view.parts)
    assert {k for edge in edges for k in edge} <= {*declared}
    assert len(edges) == links
    assert dot.count("{") == dot.count("}") == 1
    places = placed(view.parts, view.output, [max(map(len, part.words)) for part in view.parts], 2.0)
    for k, part in enumerate(view.parts):
        assert all(places.row[link.part] > places.row[k] for slot in part.slots for link in slot if not link.earlier)
    for r in {*places.row}:
        boxes = sorted((places.x[k], max(map(len, p.words))) for k, p in enumerate(view.parts) if places.row[k] == r)
        assert all(b - a >= (v + w) / 2 + 2 - 1e-9 for (a, v), (b, w) in pairwise(boxes))


def computed(view, given):
    """The output, from the lines of an unfolded tree alone: what an op was applied to stands one level below it."""
    lines, by_mark = view.lines, {line.mark: k for k, line in enumerate(view.lines) if line.mark}
    below = {k: [] for k in range(len(lines))}
    path = []
    for k, line in enumerate(lines):
        path = path[: len(line.trail)]
        if path:
            below[path[-1]].append(k)
        path.append(k)
    found = {}

    def value(k):
        line = lines[k]
        if line.target:
            return value(by_mark[line.target])
        if k not in found:
            if line.role == "leaf":
                found[k] = given[line.text]
            else:
                found[k] = apply(line.text.split(" ")[0], *map(value, below[k]))
        return found[k]

    return value(0)


@SETTINGS
@given(steps, st.integers(1, 4), st.integers(20, 90))
def test_an_unfolded_picture_is_the_graph(program, n, width):
    leaves = [Value(0.3 * k - 0.5) for k in range(n)]
    y = build(program, leaves)
    view = graph_of(y, {"x": leaves}, fold=False)
    ops, constants, reads = counted(y)
    assert (view.ops, view.leaves) == (ops, constants)
    further = sum(not line.trail for line in view.lines) - 1
    assert len(view.lines) == 1 + reads + further
    check_references(view)
    check_drawings(view)
    assert max(map(len, view.text(width).splitlines())) <= width
    assert computed(view, {f"x[{k}]": Value(leaf.data) for k, leaf in enumerate(leaves)}).data == y.data


@SETTINGS
@given(steps, st.integers(1, 4), st.integers(1, 12), st.integers(20, 90))
def test_a_folded_picture_has_everything_once(program, n, repeated, width):
    """A random program applied again and again to what it gave, and to the same leaves."""
    leaves = [Value(0.3 * k - 0.5) for k in range(n)]
    y = leaves[0]
    for _ in range(repeated):
        y = build(program, [*leaves[1:], y])
    view, whole = graph_of(y, {"x": leaves}), graph_of(y, {"x": leaves}, fold=False)
    assert (view.ops, view.leaves) == (whole.ops, whole.leaves) == counted(y)[:2]
    assert len(view.parts) <= len(whole.parts)
    check_references(view)
    check_drawings(view)
    assert max(map(len, view.text(width).splitlines())) <= width


@SETTINGS
@given(steps, st.integers(1, 3))
def test_a_repeated_program_folds_to_one_size(program, n):
    """However often it is repeated. The end may read more than the middle, so the first and last copies may differ."""
    leaves = [Value(0.3 * k - 0.5) for k in range(n)]

    def parts(times):
        y = leaves[0]
        for _ in range(times):
            y = build([*program, ("add", n - 1, len(program) + n - 1)], [*leaves[1:], y])
        return len(graph_of(y, {"x": leaves}).parts)

    assert parts(40) <= parts(20) + 2


@SETTINGS
@given(steps, st.integers(1, 4))
def test_tensors_have_the_picture_of_values(program, n):
    xs = [0.3 * k - 0.5 for k in range(n)]
    values, tensors = [Value(x) for x in xs], [Tensor(np.float64(x), True) for x in xs]
    found = [build(program, leaves) for leaves in (values, tensors)]
    if found[1].node is None:
        return
    views = [graph_of(y, {"x": xs}, gradients=True, fold=False) for y, xs in zip(found, (values, tensors), strict=True)]
    pictures = [{(line.text.split(" ")[0], line.value, line.gradient) for line in v.lines if line.times} for v in views]
    assert pictures[0] == pictures[1]
    assert (views[0].ops, views[0].leaves) == (views[1].ops, views[1].leaves)
    check_references(views[1])
