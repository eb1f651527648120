"""The forms of input in which recurrent layers are compared: sizes and options, by name.

T steps, B sequences (absent: one, unbatched), I inputs, H units. Sizes differ so that no transposed array fits by
chance; nine units are more than one block of a kernel's product.
"""

from typing import Any

FORMS: dict[str, dict[str, Any]] = {
    "batched": {"T": 4, "B": 2, "I": 3, "H": 5},
    "batch first, no bias": {"T": 4, "B": 3, "I": 2, "H": 3, "batch_first": True, "bias": False},
    "unbatched": {"T": 5, "I": 3, "H": 2},
    "one step": {"T": 1, "B": 2, "I": 4, "H": 3},
    "nine units, no bias": {"T": 3, "B": 2, "I": 1, "H": 9, "bias": False},
    "uneven lengths": {"T": 5, "B": 4, "I": 2, "H": 3, "lengths": [3, 1, 5, 2]},
    "both directions, no initial state": {"T": 4, "B": 2, "I": 3, "H": 2, "bidirectional": True, "state": False},
    "both directions, uneven lengths": {"T": 4, "B": 3, "I": 3, "H": 2, "bidirectional": True, "lengths": [2, 4, 1]},
    "two layers, no bias": {"T": 3, "B": 2, "I": 4, "H": 3, "num_layers": 2, "bias": False},
    "two layers, both directions, uneven lengths, batch first": {
        "T": 5, "B": 3, "I": 3, "H": 2, "num_layers": 2, "bidirectional": True, "lengths": [4, 1, 5],
        "batch_first": True,
    },
    "three layers, unbatched": {"T": 3, "I": 3, "H": 2, "num_layers": 3},
    "two layers, one step, unbatched, no initial state": {"T": 1, "I": 3, "H": 2, "num_layers": 2, "state": False},
    "ids, none of full length": {"T": 6, "B": 3, "I": 4, "H": 2, "ids": True, "lengths": [2, 5, 3]},
}  # fmt: skip

FEW = {
    name: FORMS[name]
    for name in (
        "batch first, no bias",
        "unbatched",
        "two layers, both directions, uneven lengths, batch first",
        "ids, none of full length",
    )
}
"""Those forms that together take every branch of a layer, for a layer that is a variant of another."""
