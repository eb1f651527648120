"""Settings by name: what a preset says, what a flag says instead, and what a run remembers of both."""

import json

import numpy as np
import pytest

from cli.lab import presets, runs
from cli.lab.errors import LabError
from cli.lab.flags import FLAGS
from cli.lab.settings import contradictions, defaults, effective
from cli.main import run

TEXT = "the sun rose over the sea and the gulls cried over the rocks. " * 40


def trained(tmp_path, *flags):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    out = tmp_path / "run"
    assert run(["train", "--corpus", str(path), "--clean", "none", "--out", str(out), "--json", *flags]) == 0
    return runs.load(str(out))


@pytest.mark.parametrize("name", presets.PRESETS)
def test_a_preset_is_sound_and_a_given_flag_goes_before_it(name):
    preset = presets.preset(name)
    assert set(preset) <= {flag.name for flag in FLAGS}
    found = effective(preset, {"lr": 0.5})
    assert contradictions(found) == []
    assert found["lr"] == 0.5
    assert {k: found[k] for k in preset if k != "lr"} == {k: v for k, v in preset.items() if k != "lr"}
    others = set(found) - set(preset) - {"lr", "clip", "epochs"}
    assert {k: found[k] for k in others} == {k: defaults()[k] for k in others}
    assert [k for k in ("epochs", "steps", "minutes") if effective(preset, {"steps": 5})[k] is not None] == ["steps"]


def test_the_presets_are_those_of_the_sources():
    """[D2L 8.5–9.4] as SEEDS records it, and min-char-rnn, whose loss is a sum over 25 steps, clipped at 5."""
    names = list(presets.PRESETS)
    books = ["rnn", "rnn-random", "rnn-concise", "gru", "lstm", "deep-lstm", "bilstm"]
    assert names == [*(f"d2l-{name}" for name in books), "char-rnn"]
    for name in names[:-1]:
        p = presets.preset(name)
        assert [p[k] for k in ("first", "batch", "window", "epochs", "clip", "optimizer")] == [
            10000,
            32,
            35,
            500,
            1,
            "sgd",
        ]
        assert p.get("std") == (0.01 if name in ("d2l-rnn", "d2l-rnn-random") else None)
    sizes = [(p["cell"], p["hidden"], p.get("layers", 1), p["lr"]) for p in map(presets.preset, names[:-1])]
    one, two = 1, 2
    assert sizes == [
        ("rnn", 512, one, 1), ("rnn", 512, one, 1), ("rnn", 256, one, 1), ("gru", 256, one, 1), ("lstm", 256, one, 1),
        ("lstm", 256, two, 2), ("lstm", 256, two, 1),
    ]  # fmt: skip
    assert presets.preset("d2l-bilstm")["bidirectional"]
    char = presets.preset("char-rnn")
    assert char["clip_value"] * char["window"] * char["batch"] == 5
    assert (char["hidden"], char["window"], char["lr"], char["optimizer"], char["std"]) == (
        100,
        25,
        0.1,
        "adagrad",
        0.01,
    )
    assert effective(char)["clip"] is None


def test_an_unknown_preset_is_one_line_with_the_nearest_name(capsys):
    assert run(["train", "--preset", "d2l-run"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "d2l-rnn" in err
    with pytest.raises(LabError):
        presets.preset("d2l-run")


def test_the_books_settings_reach_the_run(tmp_path, capsys):
    """With fewer units, steps and characters, so that it takes no time."""
    loaded = trained(tmp_path, "--preset", "d2l-rnn", "--hidden", "9", "--steps", "3", "--first", "500", "--batch", "4")
    capsys.readouterr()
    s = loaded.settings
    assert (s.hidden, s.steps, s.epochs, s.batch) == (9, 3, None, 4)  # as given
    assert (s.cell, s.window, s.lr, s.clip, s.optimizer, s.sampling, s.std) == (
        "rnn", 35, 1.0, 1.0, "sgd", "sequential", 0.01,
    )  # fmt: skip


def test_first_trains_on_that_many_tokens_and_holds_out_the_same(tmp_path, capsys):
    trained(tmp_path, "--first", "700", "--hidden", "5", "--epochs", "1", "--batch", "4")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    done = rows[-1]
    assert done["event"] == "done"
    assert done["split"] == 0.9
    steps = [row for row in rows if row["event"] == "step"]
    assert len(steps) in (4, 5)  # of 4 × 35 tokens, give or take the offset; the text has more than 2,000


def test_weights_are_drawn_as_wide_as_asked_and_biases_are_zero():
    s = runs.Settings("x", "none", "char", 0.9, "", hidden=200, std=0.01)
    model = runs.build(s, 50, np.random.default_rng(0))
    for name, p in model.named_parameters():
        if p.ndim > 1:
            assert 0.0097 < p.data.std() < 0.0103, name
            assert abs(p.data.mean()) < 4 * 0.01 / np.sqrt(p.data.size)
        else:
            assert not p.data.any(), name
