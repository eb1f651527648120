"""The recurrent layers against numbers from elsewhere; the scripts beside this file made them and say how."""

import json
from pathlib import Path

import numpy as np
import pytest

from minigrad import Tensor, grad, relative_error
from rnn import GRU, LSTM, RNN, LSTMState

HERE = Path(__file__).parent
FILES = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))["cases"]
    for path in (HERE / "d2l_gru.json", *sorted(HERE.glob("recurrent_*.json")))
}
CASES = {f"{stem}: {form}": case for stem, cases in FILES.items() for form, case in cases.items()}
LAYERS = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}
WAYS = {
    "stepwise": {"implementation": "stepwise"},
    "stepwise, checkpointed": {"implementation": "stepwise", "gradient_checkpointing": True},
    "fused": {"implementation": "fused"},
    "fused, checkpointed": {"implementation": "fused", "gradient_checkpointing": True},
}


def run(case, **options):
    """Our layer on a stored case: its output, its final states, and what its gradients are taken by."""
    layer = LAYERS[case["layer"]](**case["arguments"], dtype=np.float64, **options)
    given = {name: np.array(value) for name, value in case["inputs"].items()}
    x = given.pop("x")
    inputs = {} if x.dtype.kind == "i" else {"x": Tensor(x, requires_grad=True)}
    starts = {name: Tensor(given.pop(name), requires_grad=True) for name in ("h0", "c0") if name in given}
    layer.load_state_dict(given)
    state = LSTMState(**{name[0]: s for name, s in starts.items()}) if "c0" in starts else starts.get("h0")
    output, last = layer(inputs.get("x", x), state, lengths=case["lengths"])
    final = [last.h, last.c] if case["layer"] == "LSTM" else [last]
    return output, final, {**dict(layer.named_parameters()), **inputs, **starts}


def compare(case, **options):
    output, final, leaves = run(case, **options)
    stored = case["cotangents"]
    loss = (output * np.array(stored["output"])).sum()
    for given, expected, cotangent in zip(final, case["state"], stored["state"], strict=True):
        assert relative_error(given.data, expected) < 1e-12
        loss = loss + (given * np.array(cotangent)).sum()
    assert relative_error(output.data, case["output"]) < 1e-12
    assert leaves.keys() == case["gradients"].keys()
    for leaf, g in zip(leaves, grad(loss, leaves.values()), strict=True):
        assert relative_error(g.data, case["gradients"][leaf]) < 1e-12, leaf


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CASES)
def test_layers_are_as_stored(name, way):
    compare(CASES[name], **WAYS[way])


VARIANTS = {
    "d2l_gru": {"reset_after": True},
    "recurrent_gru": {"reset_after": False},
    "recurrent_rnn_tanh": {"nonlinearity": "relu"},
    "recurrent_rnn_relu": {"nonlinearity": "tanh"},
    "recurrent_lstm_peepholes": {"peepholes": False},
}
"""What makes each file's layer another function."""


@pytest.mark.parametrize("name", [name for name in CASES if name.split(":")[0] in VARIANTS])
def test_a_variant_is_told_apart(name):
    """The other form of the layer, with the same parameters, is far from what is stored."""
    case = CASES[name]
    arguments = case["arguments"] | VARIANTS[name.split(":")[0]]
    inputs = {k: v for k, v in case["inputs"].items() if arguments.get("peepholes", True) or "peephole" not in k}
    output, _, _ = run(case | {"arguments": arguments, "inputs": inputs}, implementation="stepwise")
    assert relative_error(output.data, case["output"]) > 1e-3


@pytest.mark.parametrize("stem", FILES)
def test_the_stored_cases_differ_where_a_layer_branches(stem):
    cases = FILES[stem].values()
    forms = [case["arguments"] for case in cases]
    for option, default in (("bias", True), ("batch_first", False), ("bidirectional", False)):
        assert {form.get(option, default) for form in forms} == {True, False}, option
    assert {form.get("num_layers", 1) for form in forms} >= {1, 2}
    x = [np.array(case["inputs"]["x"]) for case in cases]
    assert {(a.dtype.kind, a.ndim) for a in x} == {("f", 2), ("f", 3), ("i", 2)}
    uneven = [case["lengths"] for case in cases if case["lengths"]]
    assert min(map(min, uneven)) == 1
    assert any(lengths != sorted(lengths, reverse=True) for lengths in uneven)
    assert any(max(lengths) < len(case["output"]) for case in cases if (lengths := case["lengths"]))


@pytest.mark.parametrize("stem", ["recurrent_rnn_tanh", "recurrent_gru", "recurrent_lstm"])
def test_the_stored_cases_of_whole_layers_take_every_branch(stem):
    cases = FILES[stem].values()
    forms = [case["arguments"] for case in cases]
    assert {form.get("num_layers", 1) for form in forms} == {1, 2, 3}
    assert max(form["hidden_size"] for form in forms) > 8  # more than one block of the kernel's product
    assert {bool(case["lengths"]) for case in cases if case["arguments"].get("bidirectional")} == {True, False}
    assert {"h0" in case["inputs"] for case in cases} == {True, False}
    assert {len(case["output"]) == 1 for case in cases} == {True, False}
    started = [case for case in cases if "h0" in case["inputs"]]  # W_hh takes no part in one step from nought
    assert all(np.abs(g).max() > 1e-3 for case in started for g in case["gradients"].values())


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name]["lengths"]])
def test_what_is_stored_of_padding_is_nought(name):
    """By hand: no output and no gradient beyond a sequence's length, and something at every step before."""
    case = CASES[name]
    for stored in filter(None, (case["output"], case["gradients"].get("x"))):
        a = np.array(stored)
        rows = a if case["arguments"].get("batch_first") else a.swapaxes(0, 1)
        for row, n in zip(rows, case["lengths"], strict=True):
            assert not row[n:].any()
            assert "relu" in name or row[:n].any(axis=-1).all()  # units of relu may all be silent at a step
