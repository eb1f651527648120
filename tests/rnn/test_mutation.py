"""Mistakes planted in equations: each is what it says it is, and verification notices it."""

import ast
import dataclasses
import re
from functools import cache

import numpy as np
import pytest

from rnn.formulas import FAMILIES, REGISTRY, find
from rnn.mutation import KINDS, Mutant, mutants, printed, reason, survey, trial
from rnn.mutation.mutant import planted_in
from rnn.mutation.tree import definition, parse, returned
from rnn.mutation.vocabulary import vocabulary
from rnn.verify import BOUNDS, Answers, check, drawn

QUICK = ("driven", "jacobian", "masked")
SOME = [f if f in QUICK else pytest.param(f, marks=pytest.mark.slow) for f in FAMILIES]


@cache
def answers(family, problems=5, seed=0):
    return [Answers(p) for p in drawn(family, problems, seed)]


@cache
def surveys(family):
    return list(survey(find(family)))


def of(family):
    return [m for e in find(family) if not e.expected_to_fail for m in mutants(e)]


def planted(id, source):
    """The equation with another right-hand side, as a mutant."""
    e = REGISTRY[id]
    return Mutant(e, planted_in(e, parse(source), vocabulary(e)), 1, "", "", "", "", 0, 0)


# What is planted


def column(v):
    return v[:, 0]


def total(v, term):
    return sum(term(v, t) for t in range(1, v["tau"] + 1))


def grad_W(slope):
    """Eq. 24 with another slope, by outer products of arrays without columns."""
    return lambda v, t: total(
        v, lambda v, t: np.outer(slope(column(v["h"][t])) * column(v["grad_h"][t]), column(v["h"][t - 1]))
    )


def grad_c(steps):
    """Eq. 21 over some of the steps."""
    return lambda v, t: sum(v["grad_o"][k] for k in steps(v["tau"]))


def way_back(v, t, W, slope):
    """Eq. 20 with W and the slope as given."""
    return W @ (slope * v["grad_h"][t + 1]) + np.einsum("oh,oi->hi", v["V"], v["grad_o"][t])


HAND = [
    ("slope", "24", "1 + (h⁽ᵗ⁾)² instead of 1 − (h⁽ᵗ⁾)²", grad_W(lambda h: 1 + h * h)),
    ("slope", "24", "h⁽ᵗ⁾ ⊙ (1 − h⁽ᵗ⁾) instead of 1 − (h⁽ᵗ⁾)²", grad_W(lambda h: h - h * h)),
    ("slope", "GRU-19", "(z⁽ᵗ⁾)² instead of z⁽ᵗ⁾ ⊙ (1 − z⁽ᵗ⁾)", lambda v, t: v["z"][t] * v["z"][t] * v["grad_z"][t]),
    ("square", "24", "h⁽ᵗ⁾ instead of (h⁽ᵗ⁾)²", grad_W(lambda h: 1 - h)),
    ("square", "24", "2 h⁽ᵗ⁾ instead of (h⁽ᵗ⁾)²", grad_W(lambda h: 1 - 2 * h)),
    ("complement", "GRU-14", "z⁽ᵗ⁾ instead of 1 − z⁽ᵗ⁾", lambda v, t: v["z"][t] * v["grad_h"][t]),
    ("complement", "LSTM-21", "1 − g⁽ᵗ⁾ instead of g⁽ᵗ⁾", lambda v, t: v["grad_c"][t] - v["g"][t] * v["grad_c"][t]),
    ("gate", "GRU-2", "a_z⁽ᵗ⁾ instead of a_r⁽ᵗ⁾", lambda v, t: 1 / (1 + np.exp(-v["a_z"][t]))),
    ("quantity", "21", "o⁽ᵗ⁾ instead of ∇o⁽ᵗ⁾", lambda v, t: total(v, lambda v, t: v["o"][t])),
    ("quantity", "8", "∇a⁽ᵗ⁾ instead of a⁽ᵗ⁾", lambda v, t: np.tanh(v["grad_a"][t])),
    ("index", "24", "h⁽ᵗ⁾ instead of h⁽ᵗ⁻¹⁾", lambda v, t: total(
        v, lambda v, t: np.outer((1 - v["h"][t] ** 2) * v["grad_h"][t], v["h"][t]))),
    ("index", "9", "h⁽ᵗ⁻¹⁾ instead of h⁽ᵗ⁾", lambda v, t: v["c"] + v["V"] @ v["h"][t - 1]),
    ("index", "20", "∇o⁽ᵗ⁺¹⁾ instead of ∇o⁽ᵗ⁾", lambda v, t: way_back(v, t, v["W"].T, 1 - v["h"][t + 1] ** 2)
        + v["V"].T @ (v["grad_o"][t + 1] - v["grad_o"][t])),
    ("function", "8", "σ(a⁽ᵗ⁾) instead of tanh(a⁽ᵗ⁾)", lambda v, t: 1 / (1 + np.exp(-v["a"][t]))),
    ("function", "8", "a⁽ᵗ⁾ instead of tanh(a⁽ᵗ⁾)", lambda v, t: v["a"][t]),
    ("term", "7", "the term b is left out", lambda v, t: v["W"] @ v["h"][t - 1] + v["U"] @ v["x"][t]),
    ("term", "20", "the term 1 is left out", lambda v, t: way_back(v, t, v["W"].T, -v["h"][t + 1] ** 2)),
    ("sign", "7", "− W h⁽ᵗ⁻¹⁾ instead of + W h⁽ᵗ⁻¹⁾",
        lambda v, t: v["b"] + v["U"] @ v["x"][t] - v["W"] @ v["h"][t - 1]),
    ("sign", "17", "+ onehot(y⁽ᵗ⁾) instead of − onehot(y⁽ᵗ⁾)",
        lambda v, t: v["y_hat"][t] + np.eye(len(v["V"]))[:, [v["y"][t]]]),
    ("factor", "20", "the factor diag(1 − (h⁽ᵗ⁺¹⁾)²) is left out", lambda v, t: way_back(v, t, v["W"].T, 1)),
    ("factor", "18", "the factor Vᵀ is left out", lambda v, t: v["grad_o"][v["tau"]]),
    ("first", "21", "the sum begins a step too late", grad_c(lambda tau: range(2, tau + 1))),
    ("last", "21", "the sum ends a step too early", grad_c(lambda tau: range(1, tau))),
    ("only-first", "21", "only the first step is counted", grad_c(lambda tau: [1])),
    ("only-last", "21", "only the last step is counted", grad_c(lambda tau: [tau])),
    ("mean", "21", "a mean instead of a sum", lambda v, t: np.mean(list(v["grad_o"].values()), axis=0)),
    ("mean", "8", "the whole is divided by τ", lambda v, t: np.tanh(v["a"][t]) / v["tau"]),
    ("transpose", "20", "W instead of Wᵀ", lambda v, t: way_back(v, t, v["W"], 1 - v["h"][t + 1] ** 2)),
    ("order", "20", "diag(1 − (h⁽ᵗ⁺¹⁾)²) Wᵀ instead of Wᵀ diag(1 − (h⁽ᵗ⁺¹⁾)²)",
        lambda v, t: way_back(v, t, (1 - v["h"][t + 1] ** 2) * v["W"].T, 1)),
    ("product", "20", "an entrywise product: Wᵀ ⊙ diag(1 − (h⁽ᵗ⁺¹⁾)²) instead of Wᵀ diag(1 − (h⁽ᵗ⁺¹⁾)²)",
        lambda v, t: way_back(v, t, np.diag(np.diag(v["W"]) * (1 - column(v["h"][t + 1]) ** 2)), 1)),
    ("diagonal", "20", "Wᵀ ⊙ (1 − (h⁽ᵗ⁺¹⁾)²) instead of Wᵀ diag(1 − (h⁽ᵗ⁺¹⁾)²)",
        lambda v, t: way_back(v, t, np.einsum("ij,j->ji", v["W"], 1 - column(v["h"][t + 1]) ** 2), 1)),
    ("doubled", "21", "the whole is doubled", lambda v, t: total(v, lambda v, t: v["grad_o"][t] + v["grad_o"][t])),
    ("halved", "8", "the whole is halved", lambda v, t: np.tanh(v["a"][t]) - np.tanh(v["a"][t]) / 2),
    ("negated", "9", "the whole has the other sign", lambda v, t: -v["c"] - v["V"] @ v["h"][t]),
    ("nothing", "19-o", "the whole is zero", lambda v, t: np.zeros(v["V"].shape)),
    ("steps", "16", "1 · t instead of 1", lambda v, t: t),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "id", "description", "by_hand"), HAND, ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_planted_is_what_it_says(kind, id, description, by_hand):
    e = REGISTRY[id]
    (mutant,) = [m for m in mutants(e) if m.description == description]
    assert mutant.kind == kind
    for a in answers(e.family):
        for where in e.places(a.engine):
            np.testing.assert_allclose(mutant.equation.at(a.engine, **where), by_hand(a.engine, where.get("t")), 1e-9)
    assert trial(mutant, answers(e.family)).noticed in ("engine", "shape")


def test_every_kind_is_met():
    assert {kind for kind, *_ in HAND} == set(KINDS)


def value(e, known):
    """What it gives everywhere, None where it gives nothing."""
    with np.errstate(all="ignore"):
        try:
            return [e.at(known, **where) for where in e.places(known)]
        except (LookupError, ArithmeticError, AttributeError, TypeError, ValueError):
            return None


def size(y):
    return np.max(np.abs(y), initial=0, where=np.isfinite(y))


def agree(a, b, tolerance=1e-9):
    if a is None or b is None:
        return a is b
    return all(
        np.shape(x) == np.shape(y) and np.allclose(x, y, tolerance, tolerance * size(y), equal_nan=True)
        for x, y in zip(a, b, strict=True)
    )


@pytest.mark.parametrize("family", SOME)
def test_the_named_piece_is_what_is_changed(family):
    """The source with `now` written over the span is the mutant; where a piece is left out, the span is that piece."""
    known = answers(family)[0].engine
    for m in of(family):
        code = m.original.code
        assert code[m.start : m.end] == m.was.strip() != ""
        assert "\n" not in m.description
        if not m.now:
            assert m.kind in ("term", "factor")
            assert m.description.endswith("left out") or m.description.startswith("not divided by ")
            continue
        assert m.now != m.was
        right = returned(definition(f"{code[: m.start]}({m.now}){code[m.end :]}"))
        written = planted_in(m.original, right, vocabulary(m.original))
        assert agree(value(written, known), value(m.equation, known)), f"{m.name}: {m.description}"


def bare(text):
    """Without spaces and brackets, which one may set in more than one way."""
    return re.sub("[ ()]", "", text)


def test_brackets_are_where_the_meaning_needs_them():
    for source, text in [
        ("diag(h[t]) * a[t] @ h[t - 1].T", "(diag(h⁽ᵗ⁾) ⊙ a⁽ᵗ⁾) h⁽ᵗ⁻¹⁾ᵀ"),
        ("diag(h[t]) * (a[t] @ h[t - 1].T)", "diag(h⁽ᵗ⁾) ⊙ (a⁽ᵗ⁾ h⁽ᵗ⁻¹⁾ᵀ)"),
        ("W * -(1 / tau)", "W (−(1/τ))"),
        ("-(1 / tau) * W", "−(1/τ) W"),
        ("h[t] * a[t] / tau", "(h⁽ᵗ⁾ ⊙ a⁽ᵗ⁾)/τ"),
        ("(h[t] - a[t]) @ W.T - (b - c)", "(h⁽ᵗ⁾ − a⁽ᵗ⁾) Wᵀ − (b − c)"),
    ]:
        assert printed(parse(source)) == text


@pytest.mark.parametrize("family", SOME)
def test_no_two_are_alike_and_each_has_a_text(family):
    for e in (e for e in find(family) if not e.expected_to_fail):
        here = mutants(e)
        sources = [ast.dump(returned(definition(m.equation.code))) for m in here]
        assert len({*sources, ast.dump(returned(definition(e.code)))}) == len(sources) + 1, e.id
        assert [m.number for m in here] == list(range(1, len(here) + 1))
        left, _, right = e.text.partition(" = ")
        assert all(m.equation.text.startswith(f"{left} = ") for m in here)
        assert bare(printed(returned(definition(e.code)), vocabulary(e).numbers)) == bare(right)


# Whether it is noticed


@pytest.mark.parametrize("family", SOME)
def test_none_escapes(family):
    for s in surveys(family):
        assert s.holds, s.equation.id
        assert [o.mutant.name for o in s.outcomes if o.escaped] == []
        assert all(o.error > BOUNDS["engine"] for o in s.outcomes if o.caught)
        if s.backward:
            assert len(s.counted) >= 8, s.equation.id


@pytest.mark.parametrize("family", SOME)
def test_what_is_excused_is_equal_on_other_problems(family):
    """No rule but the numbers themselves, on problems that the rules have not seen."""
    excused = [o.mutant for s in surveys(family) for o in s.outcomes if o.equal]
    for seed in (1, 2, 3, 4):
        for a in answers(family, 1, seed):
            for m in excused:
                assert agree(value(m.equation, a.engine), value(m.original, a.engine), 1e-12), m.name


@pytest.mark.parametrize("family", SOME)
def test_what_differs_is_never_excused(family):
    """The rules alone would excuse none of those that have another value; they are not asked about those without."""
    known = answers(family)[0].engine
    other = [o.mutant for s in surveys(family) for o in s.outcomes if o.noticed in ("engine", "shape")]
    wrong = [(m.name, why) for m in other if (why := reason(m, known))]
    assert wrong == []


def test_an_error_within_one_bound_is_not_held_against_another_witness(monkeypatch):
    monkeypatch.setitem(BOUNDS, "fused", 1e-13)
    found = trial(planted("24", ast.unparse(returned(definition(REGISTRY["24"].code)))), answers("elman"))
    assert 1e-13 < found.error < 1e-6  # by how much differences err
    assert found.escaped


@pytest.mark.parametrize("witness", ["differences", "fused"])
def test_each_witness_notices_by_itself(witness, monkeypatch):
    for other in {"engine", "differences", "fused"} - {witness}:
        monkeypatch.setitem(BOUNDS, other, np.inf)
    doubled = planted("24", "2 * sum(diag(1 - h[t] ** 2) @ grad_h[t] @ h[t - 1].T for t in steps(tau))")
    assert trial(doubled, answers("elman")).noticed == witness


def test_infinite_values_are_noticed():
    assert trial(planted("8", "a[t] / 0.0"), answers("elman")).noticed in ("engine", "failure")
    assert trial(planted("8", "np.log(-np.exp(a[t]))"), answers("elman")).noticed == "engine"


def test_a_formula_that_reads_what_it_gives_is_a_circle():
    circle = planted("RELU-2", "relu(h[t])")  # true of the values, and of no use
    assert trial(circle, answers("relu")).noticed == "circle"
    (checked,) = check([circle.equation], drawn("relu", 1, 0))
    assert checked.chain == np.inf


def test_a_wrong_equation_does_not_hold(monkeypatch):
    wrong = dataclasses.replace(planted("24", "sum(grad_h[t] @ h[t - 1].T for t in steps(tau))").equation)
    monkeypatch.setitem(REGISTRY, "24", wrong)
    (found,) = survey([wrong], problems=1)
    assert not found.holds
    assert not found.ok
