"""The layer and the losses against numbers that torch gave; the scripts beside this file made them."""

import json
from pathlib import Path

import numpy as np
import pytest

from minigrad import Tensor, grad, ops, relative_error
from rnn import RNN

HERE = Path(__file__).parent
ELMAN = json.loads((HERE / "elman.json").read_text(encoding="utf-8"))["cases"]
LOSSES = json.loads((HERE / "losses.json").read_text(encoding="utf-8"))["cases"]


def run(case, implementation, **options):
    """Our layer on a stored case: its output and state, and the tensors that its gradients are taken by."""
    layer = RNN(**case["sizes"], dtype=np.float64, implementation=implementation, **options)
    given = {name: np.array(value) for name, value in case["inputs"].items()}
    x = Tensor(given.pop("x"), requires_grad=True)
    h0 = Tensor(given.pop("h0"), requires_grad=True) if "h0" in given else None
    layer.load_state_dict(given)
    output, state = layer(x, h0)
    return output, state, {**dict(layer.named_parameters()), "x": x, **({} if h0 is None else {"h0": h0})}


@pytest.mark.parametrize("implementation", ["fused", "stepwise", "auto"])
@pytest.mark.parametrize("name", ELMAN)
def test_elman_is_torchs(name, implementation):
    case = ELMAN[name]
    output, state, leaves = run(case, implementation)
    assert relative_error(output.data, case["output"]) < 1e-12
    assert relative_error(state.data, case["state"]) < 1e-12
    r, s = (np.array(case["cotangents"][k]) for k in ("output", "state"))
    loss = (output * r).sum() + (state * s).sum()
    assert leaves.keys() == case["gradients"].keys()
    for leaf, g in zip(leaves, grad(loss, leaves.values()), strict=True):
        assert relative_error(g.data, case["gradients"][leaf]) < 1e-12, leaf


def test_the_stored_elman_cases_differ_where_the_layer_branches():
    sizes = [case["sizes"] for case in ELMAN.values()]
    assert {s["bias"] for s in sizes} == {s["batch_first"] for s in sizes} == {True, False}
    assert {np.ndim(case["inputs"]["x"]) for case in ELMAN.values()} == {2, 3}
    assert max(s["hidden_size"] for s in sizes) > 8  # more than one block of the kernel's product


@pytest.mark.parametrize("case", LOSSES, ids=lambda c: f"{c['op']} {c['arguments']}")
def test_losses_are_torchs(case):
    arguments = {
        k: np.array(v) if k == "ids" else tuple(v) if isinstance(v, list) else v for k, v in case["arguments"].items()
    }
    x = Tensor(case["x"], requires_grad=True)
    y = getattr(ops, case["op"])(x, **arguments)
    assert relative_error(y.data, case["result"]) < 1e-12
    y.backward(np.array(case["cotangent"]))
    assert relative_error(x.grad.data, case["gradient"]) < 1e-12
