"""Value and its tape beside micrograd: the example of its README, and the loss of a small network."""

import json
from pathlib import Path

import numpy as np
import pytest
from golden.make_micrograd import network, published, results, spread

from minigrad import Value, compile, relative_error

STORED = json.loads(Path(__file__).with_name("micrograd.json").read_text(encoding="utf-8"))
GRAPHS = {"published": lambda: published(Value), "network": lambda: network(Value, spread(5), (2, 4, 3, 1))}


def test_what_the_readme_prints():
    """Its three printed numbers, to their four digits."""
    found = results(*published(Value))
    numbers = [found["output"], *found["gradients"]]
    assert [f"{x:.4f}" for x in numbers] == ["24.7041", "138.8338", "645.5773"]


@pytest.mark.parametrize("name", GRAPHS)
def test_values_give_what_micrograd_gives(name):
    found, expected = results(*GRAPHS[name]()), STORED[name]
    assert relative_error(found["output"], expected["output"]) < 1e-14
    assert relative_error(found["gradients"], expected["gradients"]) < 1e-14


@pytest.mark.parametrize("name", GRAPHS)
def test_tapes_give_what_micrograd_gives(name):
    leaves, output = GRAPHS[name]()
    x = np.array([leaf.data for leaf in leaves])
    for found, gradients in [compile(output, leaves)(x), [a[2] for a in compile(output, leaves)(np.tile(x, (3, 1)))]]:
        assert relative_error(found, STORED[name]["output"]) < 1e-14
        assert relative_error(gradients, STORED[name]["gradients"]) < 1e-14
