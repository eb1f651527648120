"""The losses against numbers that torch gave; the script beside this file made them."""

import json
from pathlib import Path

import numpy as np
import pytest

from minigrad import Tensor, ops, relative_error

LOSSES = json.loads(Path(__file__).with_name("losses.json").read_text(encoding="utf-8"))["cases"]


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
