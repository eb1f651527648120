"""rnn-lab train and sample, and what a run's folder holds."""

import json
import math

import numpy as np
import pytest
from safetensors.numpy import load_file

import data
from cli.lab import runs
from cli.main import run
from rnn.baselines import NGram
from rnn.metrics import evaluate

SMALL = ["--lr", "0.02", "--hidden", "12", "--steps", "25", "--batch", "4", "--window", "10", "--evaluate-every", "10"]


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "rhyme.txt"
    path.write_text("the rain it raineth every day, and every night it rains away.\n" * 30, encoding="utf-8")
    return str(path)


def train(text, out, *more):
    return run(["train", "--corpus", text, "--out", str(out), *SMALL, *more])


def events(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_run_learns_and_tells(text, tmp_path, capsys):
    assert train(text, tmp_path / "r", "--json") == 0
    found = events(capsys)
    kinds = [e["event"] for e in found]
    assert kinds.count("step") == 25
    assert kinds.count("epoch") == 3  # after 10, 20 and the last
    assert kinds[-1] == "done"
    assert "sample" in kinds
    steps = [e for e in found if e["event"] == "step"]
    assert all({"step", "train_perplexity", "grad_norm", "tokens_per_second"} <= set(e) for e in steps)
    done = found[-1]
    assert {"train_perplexity", "held_out_perplexity", "split", "vocabulary", "cleaning"} <= set(done)
    assert done["train_perplexity"] < 0.7 * steps[0]["train_perplexity"]
    logged = [json.loads(line) for line in (tmp_path / "r" / "metrics.jsonl").read_text().splitlines()]
    expected = ["step"] * 10 + ["epoch"] + ["step"] * 10 + ["epoch"] + ["step"] * 5 + ["done"]
    assert [e["event"] for e in logged] == expected  # what is measured at the end only is done's
    assert [e["step"] for e in logged if e["event"] == "step"] == list(range(1, 26))


def test_the_saved_run_is_the_one_that_was_measured(text, tmp_path, capsys):
    assert train(text, tmp_path / "r", "--json") == 0
    done = events(capsys)[-1]
    saved = runs.load(str(tmp_path / "r"))
    assert saved.step == 25
    corpus = data.load(text)
    training, held_out = data.split(corpus.text, 0.9)
    for part, key in ((training, "train_perplexity"), (held_out, "held_out_perplexity")):
        measured = evaluate(saved.model, saved.vocab.encode(part), rng=np.random.default_rng(0))
        assert math.isclose(measured.perplexity, done[key], rel_tol=1e-6)
    names = set(load_file(tmp_path / "r" / "last.safetensors"))
    assert names >= {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "head.weight"}


def test_a_seed_decides_everything(text, tmp_path, capsys):
    results = []
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert train(text, tmp_path / name, "--json", "--seed", seed) == 0
        results.append(events(capsys)[-1])
    assert results[0]["train_perplexity"] == results[1]["train_perplexity"]
    assert results[0]["text"] == results[1]["text"]
    assert results[0]["train_perplexity"] != results[2]["train_perplexity"]
    a, b = (load_file(tmp_path / n / "last.safetensors") for n in "ab")
    assert all(np.array_equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize(
    "more",
    [
        ["--sampling", "random"],
        ["--optimizer", "sgd", "--lr", "0.5"],
        ["--optimizer", "momentum", "--lr", "0.1", "--weight-decay", "0.0001"],
        ["--optimizer", "adagrad", "--lr", "0.1", "--clip-value", "0.1"],
        ["--optimizer", "rmsprop", "--momentum", "0.5", "--lr", "0.005"],
        ["--optimizer", "adamw", "--schedule", "cosine", "--warmup", "3"],
        ["--schedule", "step"],
        ["--schedule", "exponential", "--decay", "0.5", "--clip", "none"],
        ["--dtype", "float64"],
        ["--cell", "jordan"],
        ["--cell", "gru", "--layers", "2", "--dropout", "0.1"],
        ["--cell", "lstm", "--embedding", "12", "--tied"],
        ["--truncation", "5", "--stride", "2"],
        ["--development"],
    ],
)
def test_other_ways_to_train(text, tmp_path, capsys, more):
    assert train(text, tmp_path / "r", "--json", *more) == 0
    found = events(capsys)
    assert found[-1]["train_perplexity"] < found[0]["train_perplexity"]
    weights = load_file(tmp_path / "r" / "last.safetensors")
    dtype = weights["rnn.weight_ih_l0"].dtype
    assert dtype == (np.float64 if "float64" in more else np.float32)


def test_a_person_sees_an_outcome_and_progress_on_stderr(text, tmp_path, capsys):
    assert train(text, tmp_path / "r", "--plain") == 0
    out, err = capsys.readouterr()
    assert "held-out" in out
    assert "rnn-lab compare" in out
    assert "step 10 of 25" in err
    assert "\x1b" not in out + err


def test_a_folder_in_use_is_left_alone(text, tmp_path, capsys):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "thesis.txt").write_text("precious")
    assert train(text, tmp_path / "r") == 2
    assert "give another --out" in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "r").iterdir()] == ["thesis.txt"]


def test_default_folders_count_up(text, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        assert run(["train", "--corpus", text, *SMALL, "--json"]) == 0
        assert events(capsys)[-1]["run"] == f"runs/rhyme-rnn-{number}"


def test_sampling_continues_the_prompt(text, tmp_path, capsys):
    assert train(text, tmp_path / "r", "--json") == 0
    capsys.readouterr()
    arguments = ["sample", str(tmp_path / "r"), "--prompt", "the rain ", "--length", "40"]
    outputs = []
    for seed in ("1", "1", "2"):
        assert run([*arguments, "--seed", seed]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] != outputs[2]
    assert outputs[0].startswith("the rain ")
    assert len(outputs[0]) == len("the rain ") + 40 + 1
    assert run([*arguments, "--json", "--temperature", "0"]) == 0
    greedy = json.loads(capsys.readouterr().out)
    model = runs.load(str(tmp_path / "r"))
    ids = model.vocab.encode("the rain " + greedy["text"])
    for n in (9, 20, 48):
        assert model.model.next_distribution(ids[:n]).argmax() == ids[n]
    assert run(["sample", str(tmp_path / "r"), "--prompt", "Zeë"]) == 2
    assert "the prompt has 'Z', 'ë', which" in capsys.readouterr().err


def test_each_pass_is_measured_at_its_end_and_the_last_reported_as_books_do(text, tmp_path, capsys):
    arguments = ["--hidden", "6", "--batch", "4", "--window", "20", "--epochs", "3", "--json"]
    assert run(["train", "--corpus", text, "--out", str(tmp_path / "r"), *arguments]) == 0
    found = events(capsys)
    measured = [e for e in found if e["event"] == "epoch"]
    losses = [
        [math.log(e["train_perplexity"]) for e in found if e["event"] == "step" and e["epoch"] == n] for n in (1, 2, 3)
    ]
    assert [e["epoch"] for e in measured] == [1, 2, 3]
    assert [e["step"] for e in measured] == [sum(map(len, losses[:n])) for n in (1, 2, 3)]
    for event, of_pass in zip(measured, losses, strict=True):
        assert math.isclose(event["train_perplexity"], math.exp(sum(of_pass) / len(of_pass)), rel_tol=1e-9)
    assert math.isclose(found[-1]["last_epoch_perplexity"], measured[-1]["train_perplexity"], rel_tol=1e-9)


def test_counting_stands_beside_the_network(text, tmp_path, capsys):
    assert train(text, tmp_path / "r", "--json") == 0
    done = events(capsys)[-1]
    corpus = data.load(text)
    training, held_out = data.split(corpus.text, 0.9)
    vocab = runs.load(str(tmp_path / "r")).vocab
    model = NGram(6, "kneser-ney").fit(vocab.encode(training), vocabulary=len(vocab))
    measured = evaluate(model, vocab.encode(held_out), rng=np.random.default_rng(0))
    assert math.isclose(done["kneser_ney_perplexity"], measured.perplexity, rel_tol=1e-9)
