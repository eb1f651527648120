"""Pictures of graphs: what is said of each kind of graph, and how it looks."""

import gc
import weakref
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from small_stack import in_a_small_stack, live

from minigrad import (
    GradError,
    ShapeError,
    Tensor,
    Value,
    checkpoint,
    concat,
    cross_entropy,
    graph_of,
    split,
)
from minigrad.nn import Linear
from minigrad.view.rows import placed
from rnn import RNN


def drawn(text):
    return text.strip("\n")


def test_two_doublings():
    a = Value(3.0)
    b = a + a
    c = b + b
    c.backward()
    assert graph_of(c, {"a": a, "b": b, "c": c}).text(60) == drawn("""
            value  ∇
c = add     12     1
├─ b = add   6     2
│  ├─ a      3     4
│  └─ ↑ a
└─ ↑ b
""")


def test_a_neuron_with_numbers_for_names():
    """Before any backward pass there are no gradients; a shared op without a name gets a number."""
    x = Value(-0.5)
    s = (2.0 * x + 1.0).tanh()
    assert str(graph_of(s * s + s.exp())) == drawn("""
                     value
add                   1
├─ mul                0
│  ├─ tanh #1         0
│  │  └─ add          0
│  │     ├─ mul      −1
│  │     │  ├─ 2
│  │     │  └─ −0.5
│  │     └─ 1
│  └─ ↑ tanh #1
└─ exp                1
   └─ ↑ tanh #1
""")


def unrolled(steps):
    rng = np.random.default_rng(0)
    W, U, b = (Tensor(rng.normal(size=shape), True) for shape in ((4, 4), (4, 3), (4,)))
    x, h0 = [Tensor(rng.normal(size=3)) for _ in range(steps)], Tensor(np.zeros(4))
    h = h0
    for x_t in x:
        h = (W @ h + U @ x_t + b).tanh()
    return (h * h).sum(), {"W": W, "U": U, "b": b, "x": x, "h0": h0, "h": h}


def test_a_network_over_100_steps_shows_its_step_once():
    y, names = unrolled(100)
    assert graph_of(y, names).text(60) == drawn("""
                            shape  value
sum                                  3.6576
└─ mul                      (4,)    ‖1.83‖
   ├─ h = tanh ×100         (4,)    ‖1.91‖
   │  └─ add ×100           (4,)    ‖4.1‖
   │     ├─ add ×100        (4,)    ‖3.69‖
   │     │  ├─ matmul ×100  (4,)    ‖1.7‖
   │     │  │  ├─ W         (4,4)   ‖3.67‖
   │     │  │  └─ ↑ h, one step before; at first
   │     │  │     └─ h0     (4,)     0
   │     │  └─ matmul ×100  (4,)    ‖2.92‖
   │     │     ├─ U         (4,3)   ‖2.52‖
   │     │     └─ x ×100    (3,)   ‖17.9‖
   │     └─ b               (4,)    ‖1.15‖
   └─ ↑ h
""")


def test_the_picture_of_a_loop_does_not_grow():
    short, long = (graph_of(*unrolled(steps)) for steps in (10, 200))
    assert [line.text for line in short.lines] == [line.text for line in long.lines]
    assert {line.times for line in long.lines} == {0, 1, 200}
    assert long.ops == 5 * 200 + 2
    assert long.leaves == 200 + 4


def test_unfolded_it_does():
    y, names = unrolled(10)
    assert len(graph_of(y, names, fold=False).lines) > 50
    assert graph_of(y, names, fold=False).ops == graph_of(y, names).ops == 52


def fibonacci(odd):
    """60 states, each from the two before it; the one of step `odd` from the last and the last but two."""
    w, states = Value(0.9), [Value(0.1), Value(0.2), Value(0.3)]
    for t in range(60):
        states.append((states[-1] * w + states[-3 if t == odd else -2]).tanh())
    return [line.times for line in graph_of(states[-1], {"w": w}).lines if line.text.startswith("tanh")]


def test_one_step_that_is_wired_otherwise_is_not_hidden():
    assert fibonacci(None) == [60]
    found = fibonacci(30)
    assert sum(found) == 60
    assert len(found) > 1


# Gradients


def test_gradients_are_those_of_a_backward_pass_and_leave_no_trace():
    y, names = unrolled(5)
    view = graph_of(y, names, gradients=True, fold=False)
    assert names["W"].grad is None
    y.backward()
    for name in ("W", "U", "b"):
        (line,) = (line for line in view.lines if line.text == name)
        assert line.gradient == f"‖{float(f'{np.linalg.norm(names[name].grad.data):.3g}'):g}‖"


def test_gradients_of_values_without_a_pass():
    a, w = Value(3.0), Value(2.0)
    y = (a * w).log() + a
    found = {line.text: line.gradient for line in graph_of(y, {"a": a, "w": w}, gradients=True).lines if line.times}
    assert found == {"add": "1", "log": "1", "mul": "0.1667", "a": "1.3333", "w": "0.5"}
    assert a.grad == w.grad == y.grad == 0
    y.backward()
    assert {line.text: line.gradient for line in graph_of(y, {"a": a, "w": w}).lines if line.times} == found


def test_gradients_there_cannot_be():
    x = Tensor(np.ones(3), True)
    with pytest.raises(GradError, match="not a scalar"):
        graph_of(x * 2, gradients=True)
    y = (x * 2).sum()
    y.backward()
    with pytest.raises(GradError, match="freed"):
        graph_of(y, gradients=True)


# Kinds of graphs


def test_a_leaf():
    assert graph_of(Value(2.5)).text(40) == "2.5"
    assert graph_of(Value(2.5), {"a": Value(0.0)}).ops == 0
    x = Tensor(np.ones((2, 3)), True)
    assert graph_of(x, {"x": x}).text(40) == "   shape  value\nx  (2,3)  1"
    ET.fromstring(graph_of(Value(1.0)).svg())


def test_a_graph_that_was_freed_says_so():
    x = Tensor(np.ones(3), True)
    inner = x.exp()
    y = (inner * 2).sum()
    y.backward()
    assert graph_of(y).text(60).splitlines()[-1].split() == ["sum,", "freed", "by", "backward", "16.3097"]
    lines = [line.text for line in graph_of(inner + x, {"x": x}).lines]
    assert lines == ["add", "exp, freed by backward", "x"]


def test_fused_layers_checkpoints_and_their_leaves():
    layer, head = RNN(3, 4, rng=np.random.default_rng(0)), Linear(4, 3, rng=np.random.default_rng(1))
    ids = np.array([[0], [2], [1]])
    y = cross_entropy(head(layer(ids)[0]).reshape(-1, 3), ids.ravel())
    texts = [line.text for line in graph_of(y, {"layer": layer, "head": head}).lines]
    assert texts[:4] == ["cross_entropy", "reshape(-1,3)", "linear", "elman_layer"]
    assert {*texts} >= {f"layer.{name}" for name, _ in layer.named_parameters()} | {"head.weight", "head.bias"}
    x = Tensor(np.ones(2), True)
    kept = checkpoint(lambda a, b: (a * b, a + b), x, x * 2)
    view = graph_of((kept[0] + kept[1]).sum(), {"x": x}, gradients=True)
    assert [line.text for line in view.lines] == [
        "sum",
        "add",
        "checkpoint[0] #1",
        "x",
        "mul",
        "↑ x",
        "2",
        "↑ checkpoint[1] #1",
    ]
    assert view.lines[3].gradient == "7"  # both entries of d/dx (2x² + 3x) at 1


def test_a_picture_keeps_nothing_alive():
    x = Tensor(np.ones(3), True)
    inner = x.exp()
    view, left = graph_of((inner * 2).sum(), {"x": x}, gradients=True), weakref.ref(inner)
    gc.disable()
    try:
        del inner
        assert left() is None
    finally:
        gc.enable()
    assert "exp" in str(view)
    assert view.dot()
    assert view.svg()


def test_views_and_many_outputs():
    x = Tensor(np.arange(6.0).reshape(2, 3), True)
    a, b, c = split(x, 3, axis=1)
    y = concat([c, a, b.T.T], axis=1)[0, 1:]
    assert [line.text for line in graph_of(y, {"x": x}).lines] == [
        "index(0,1:)", "concat(1)", "split(3,1)[2] #1", "x", "↑ split(3,1)[0] #1", "transpose", "transpose",
        "↑ split(3,1)[1] #1",
    ]  # fmt: skip


def test_what_was_written_over_is_shown_as_it_was_used():
    x, y = Tensor(np.ones(3), True), Tensor(np.full(3, 2.0), True)
    z = x * 1.0
    used = z.exp()
    z += y
    assert [line.text for line in graph_of(used + z, {"x": x, "y": y}).lines] == [
        "add", "exp", "mul #1", "x", "1", "add", "↑ mul #1", "y",
    ]  # fmt: skip


def test_numbers_and_arrays_are_leaves():
    x, array = Tensor(np.ones(3), True), np.arange(3.0)
    view = graph_of(x * 0.5 + array - array)
    assert [line.text for line in view.lines] == ["sub", "add", "mul", "tensor", "0.5", "constant #1", "↑ constant #1"]


@pytest.mark.parametrize("what", [3.0, np.ones(2), None, "y"])
def test_what_has_no_graph_is_refused(what):
    with pytest.raises(GradError, match="has no graph; give a Value or a Tensor"):
        graph_of(what)


# Names


def test_names_of_lists_modules_and_whatever_else_there_is():
    weights = [[Value(1.0), Value(2.0)], (Value(3.0),)]
    y = weights[0][1] * weights[1][0]
    texts = [line.text for line in graph_of(y, {"w": weights, "np": np, "n": 3}).lines]
    assert texts == ["mul", "w[0][1]", "w[1][0]"]
    assert graph_of(y, {"first": y, "second": [y]}).lines[0].text == "first = mul"
    loop = [y]
    loop.append(loop)
    assert graph_of(y, {"loop": loop}).lines[0].text == "loop[0] = mul"
    linear = Linear(2, 2)
    texts = [line.text for line in graph_of(linear(Tensor(np.ones((1, 2), np.float32))), {"f": linear}).lines]
    assert texts == ["linear", "constant", "f.weight", "f.bias"]


@pytest.mark.parametrize("name", ["<a & 'b'>", 'say "a"', "back\\slash", "two\nlines", "∇h⁽ᵗ⁾", "\x00\x1b[31m"])
def test_no_name_breaks_a_picture(name):
    a = Value(1.0)
    assert all(line.isprintable() for line in str(graph_of(-a, {name: a, name + name: -a})).splitlines())
    y = a.exp() + 1.0
    assert len(str(graph_of(y, {name: y})).splitlines()) == 1 + 4
    ET.fromstring(graph_of(y, {name: y}).svg())
    view = graph_of(y, {name: a})
    assert len(str(view).splitlines()) == 1 + 4 == 1 + len(view.lines)
    assert all(line.isprintable() for line in str(view).splitlines())
    words = [text.text for text in ET.fromstring(view.svg()).iter("{http://www.w3.org/2000/svg}text")]
    assert view.lines[2].text in words
    for line in view.dot().splitlines():
        assert line.replace("\\\\", "").replace('\\"', "").count('"') in (0, 2)


# Width


@pytest.mark.parametrize("width", [20, 23, 30, 40, 60, 100])
def test_no_line_is_wider_than_asked(width):
    y, names = unrolled(30)
    deep = Value(1.0)
    for k in range(40):
        deep = deep.exp().log() * float(k) if k % 3 else deep.tanh() - 0.5
    long = {"a name that is so long that there is no room for numbers beside it": names["W"]}
    for view in (graph_of(y, names, gradients=True), graph_of(y, long, gradients=True), graph_of(deep, fold=False)):
        assert max(map(len, view.text(width).splitlines())) <= width


def test_too_narrow_is_refused():
    with pytest.raises(ShapeError, match="does not fit into 19 columns; give 20 or more"):
        graph_of(Value(1.0)).text(19)


# Size


def test_a_chain_of_100_000_prints_folded_and_is_freed():
    gc.collect()
    before = live()

    def work():
        x = Value(2.0)
        y = x
        for _ in range(50_000):
            y = y * 1.0001 - 0.0001
        view = graph_of(y, {"x": x})
        assert (view.ops, view.leaves) == (100_000, 100_001)
        assert str(view) == drawn("""
                      value
sub #1 ×50,000        149.3761
├─ mul ×50,000        149.3762
│  ├─ ↑ sub #1, one step before; at first
│  │  └─ x              2
│  └─ 1.0001 ×50,000
└─ 1e−4 ×50,000
""")
        del x, y
        gc.disable()
        try:
            assert live() == before
        finally:
            gc.enable()

    in_a_small_stack(work)


def test_a_drawing_is_not_larger_than_its_graph():
    """A leaf that is read all along a chain has lines past thousands of rows, which are not kept clear for them."""
    w, y = Value(0.5), Value(1.0)
    for _ in range(3_000):
        y = y * w
    view = graph_of(y, {"w": w}, fold=False)
    widths = [10.0] * len(view.parts)
    assert len(placed(view.parts, view.output, widths, 5.0).row) < 10 * len(view.parts)


def test_a_long_chain_that_never_repeats():
    """10,000 ops deep and no fold: the tree goes on in pieces, nothing recurses."""
    kinds = np.random.default_rng(0).integers(0, 3, 10_000)

    def work():
        y = Value(0.5)
        for kind in kinds:
            y = (y.tanh, y.sigmoid, y.__neg__)[kind]()
        view = graph_of(y)
        assert view.ops == 10_000
        assert max(map(len, view.text(60).splitlines())) <= 60
        assert view.svg().count("<rect") == len(view.parts) + 1

    in_a_small_stack(work)
