"""The same mistake in several equations, as programs make it that compute a shared piece once."""

import pytest

from cli.lab.check.exercise import exercises
from cli.lab.check.handin import check

ELMAN = """
import numpy as np
def backward(x, y, h, h0, y_hat, U, W, V, b, c):
    T = len(x)
    do = y_hat.copy(); do[np.arange(T), y] -= 1
    before = np.vstack([h0, h[:-1]])
    dU, dW, db, nxt = 0 * U, 0 * W, 0 * b, 0 * b
    for t in reversed(range(T)):
        dh = V.T @ do[t] + nxt
        da = {slope}
        dU += np.outer(da, x[t]); dW += np.outer(da, before[t]); db += da
        nxt = {back} @ da
    return dict(U=dU, W=dW, b=db, V=do.T @ h, c=do.sum(0), h0=nxt)
"""
RIGHT = {"slope": "(1 - h[t] ** 2) * dh", "back": "W.T"}
WRONG = [
    ("slope", "dh", "The factor diag(1 − (h⁽ᵗ⁺¹⁾)²) is left out"),
    ("slope", "(1 - np.tanh(h[t]) ** 2) * dh", "tanh is applied once more"),
    ("slope", "(1 - h[t]) * dh", "stands where (h⁽ᵗ⁺¹⁾)² belongs"),
    ("slope", "h[t] * (1 - h[t]) * dh", "belongs"),
    ("back", "W", "W stands where Wᵀ belongs"),
]


def handed_in(tmp_path, **pieces):
    path = tmp_path / "elman_bptt.py"
    path.write_text(ELMAN.format(**RIGHT | pieces), encoding="utf-8")
    return check(path, exercises()["elman"])


def test_the_right_one_is_right(tmp_path):
    found = handed_in(tmp_path)
    assert found.ok
    assert "grad_h0" in [f.name for f in found.findings]


@pytest.mark.parametrize(("piece", "source", "words"), WRONG)
def test_one_mistake_in_what_is_shared_is_one_explanation(piece, source, words, tmp_path):
    """It changes the gradients of the layer and of the first state, each given by an equation of its own."""
    wrong = [f for f in handed_in(tmp_path, **{piece: source}).findings if f.status == "wrong"]
    assert {f.name for f in wrong} >= {"grad_W", "grad_U", "grad_b", "grad_h0"}
    assert len({tuple(x.name for x in f.explanations) for f in wrong}) == 1
    assert words in wrong[0].explanations[0].said


def test_a_shared_mistake_is_told_once(tmp_path):
    (said,) = {f.explanations[0].said for f in handed_in(tmp_path, slope="dh").findings if f.status == "wrong"}
    assert said.count("is left out") == 1
    assert "The same in the formula for ∇b, ∇W, ∇U, ∇h" in said
