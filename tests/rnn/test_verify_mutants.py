"""An equation with one piece of its source changed is one failure, and that one."""

import dataclasses
import inspect

import numpy as np
import pytest

from rnn import verify
from rnn.formulas import REGISTRY, find
from rnn.formulas.registry import evaluate
from rnn.verify import chain, check, engine_values
from rnn.witnesses import random_problem


def problems(n=2, seed=7, **sizes):
    rng = np.random.default_rng(seed)
    return [random_problem("elman", rng, **sizes) for _ in range(n)]


def failing(checks):
    return {c.equation.id for c in checks if not c.ok}


# What is wrong, in an equation


MUTANTS = [
    ("7", "b + W", "W"),
    ("7", "W @ h", "W.T @ h"),
    ("7", "U @ x[t]", "2 * U @ x[t]"),
    ("7", "b +", "b -"),
    ("8", "np.tanh(a[t])", "a[t]"),
    ("8", "np.tanh(a[t])", "np.tanh(a[t]) ** 2"),
    ("9", "c + V @ h[t]", "V @ h[t]"),
    ("9", "h[t]", "h[t - 1]"),
    ("10", "softmax(o[t])", "np.exp(o[t])"),
    ("10", "softmax(o[t])", "1 / (1 + np.exp(-o[t]))"),
    ("13", "-sum", "sum"),
    ("13", "-sum", "-1 / tau * sum"),
    ("13", "steps(tau)", "steps(tau - 1)"),
    ("16", "1.0", "2.0"),
    ("17", "y_hat[t] - onehot(y[t], y_hat[t])", "y_hat[t]"),
    ("17", "y_hat[t] -", "y_hat[t] +"),
    ("18", "grad_o[tau]", "grad_o[tau - 1]"),
    ("18", "V.T", "-V.T"),
    ("19-h", "h[t + 1]", "h[t]"),
    ("19-h", "@ W", "@ W.T"),
    ("19-h", "diag(1 - h[t + 1] ** 2) @ W", "W @ diag(1 - h[t + 1] ** 2)"),
    ("19-o", "return V", "return -V"),
    ("19", "dh_dh[t + 1].T", "dh_dh[t + 1]"),
    ("19", " + do_dh[t].T @ grad_o[t]", ""),
    ("19", "grad_o[t]", "grad_o[t + 1]"),
    ("20", "W.T @ diag", "W @ diag"),
    ("20", "h[t + 1] ** 2", "h[t] ** 2"),
    ("20", " @ diag(1 - h[t + 1] ** 2)", ""),
    ("20", " + V.T @ grad_o[t]", ""),
    ("20", "1 - h", "1 + h"),
    ("20", "+ V.T", "- V.T"),
    ("20", "h[t + 1] ** 2", "h[t + 1]"),
    ("21", "steps(tau)", "steps(tau - 1)"),
    ("21", "sum(", "1 / tau * sum("),
    ("22", "h[t] ** 2", "h[t - 1] ** 2"),
    ("22", "diag(1 - h[t] ** 2) @ ", ""),
    ("23", "h[t].T", "h[t - 1].T"),
    ("23", "sum(", "2 * sum("),
    ("24", "h[t - 1].T", "h[t].T"),
    ("24", "diag(1 - h[t] ** 2) @ ", ""),
    ("24", "steps(tau)", "steps(tau) if t > 1"),
    (
        "24",
        "sum(diag(1 - h[t] ** 2) @ grad_h[t] @ h[t - 1].T for t in steps(tau))",
        "sum(diag(1 - h[t] ** 2) @ grad_h[t] @ h[t - 1].T for t in steps(tau)).T",
    ),
    ("25", "x[t].T", "x[tau].T"),
    ("25", "h[t] ** 2", "h[t]"),
    ("25", "grad_h[t]", "grad_h[tau]"),
    ("1", "s[t - 1]", "s[0]"),
    ("1", "f(s[t - 1], theta)", "f(s[t - 1], -theta)"),
    ("2", "f(f(s[1], theta), theta)", "f(s[1], theta)"),
    ("2", "f(f(s[1], theta), theta)", "f(f(f(s[1], theta), theta), theta)"),
    ("2", "s[1]", "s[0]"),
    ("3", "x[t]", "x[1]"),
    ("3", "s[t - 1]", "s[0]"),
    ("4", "x[t]", "x[1]"),
    ("4", "h[t - 1]", "h[0]"),
    ("D2L-8.4-4", "H[t - 1] @ W_hh", "H[t - 1] @ W_hh.T"),
    ("D2L-8.4-4", " + b_h", ""),
    ("D2L-8.4-4", "X[t]", "X[1]"),
    ("D2L-8.4-4", "phi(", "("),
    ("D2L-8.4-5", "H[t]", "H[t - 1]"),
    ("D2L-8.4-5", " + b_q", ""),
]


def mutant(e, old, new, folder):
    """The equation with one piece of its source replaced, in a file so that the source can be read."""
    source = inspect.getsource(e.function)
    source = source[source.index("\ndef ") + 1 :]
    assert old in source
    file = folder / "mutant.py"
    file.write_text("from __future__ import annotations\n" + source.replace(old, new), encoding="utf-8")
    scope = dict(e.function.__globals__)
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), scope)
    return dataclasses.replace(e, function=scope[e.function.__name__])


@pytest.mark.parametrize(("id", "old", "new"), MUTANTS)
def test_a_wrong_equation_is_one_failure(id, old, new, tmp_path):
    wrong = mutant(REGISTRY[id], old, new, tmp_path)
    problem = verify._draw(wrong.family, np.random.default_rng(7))
    checks = check([wrong if e.id == id else e for e in find(wrong.family)], [problem])
    assert failing(checks) == {id}


def test_every_printed_equation_has_a_mutant():
    """Those of the sources, by hand; the others have theirs from `rnn.mutation`."""
    printed = {e.id for e in REGISTRY.values() if e.id[0].isdigit() or e.id.startswith("D2L")}
    assert {id for id, *_ in MUTANTS} == printed - {"20-printed"}


def test_an_unchanged_equation_written_anew_is_no_failure(tmp_path):
    same = mutant(REGISTRY["24"], "return", "return 1.0 *", tmp_path)
    assert failing(check([same], problems())) == set()


def test_a_wrong_shape_is_a_failure(tmp_path):
    wrong = mutant(
        REGISTRY["21"],
        "for t in steps(tau)",
        "for t in steps(tau)).T + 0 * (sum(grad_o[t] for t in steps(tau))",
        tmp_path,
    )
    assert failing(check([wrong], problems())) == {"21"}


def test_the_chain_runs_through_the_variant(tmp_path):
    """A wrong equation 20 spoils the chain for itself, and it alone stands in its own chain."""
    wrong = mutant(REGISTRY["20"], "W.T @ diag", "W @ diag", tmp_path)
    links = chain(wrong)
    assert wrong in links
    assert not {"19", "20", "20-printed"} & {e.id for e in links if e is not wrong}
    (p,) = problems(1)
    spoiled = evaluate(links, p.given())
    assert verify.error(spoiled["grad_W"], engine_values(p)["grad_W"]) > 0.01
    assert check([wrong], [p])[0].chain > 0.01


def test_an_equation_that_would_need_its_own_result_is_one_failure(tmp_path):
    wrong = mutant(REGISTRY["7"], "h[t - 1]", "h[t]", tmp_path)
    assert failing(check([wrong], problems(1))) == {"7"}


def test_an_equation_that_reads_past_the_end_is_one_failure(tmp_path):
    wrong = mutant(REGISTRY["17"], "y_hat[t] -", "y_hat[t + 1] -", tmp_path)
    assert failing(check([wrong], problems(1))) == {"17"}
