"""Settings from a file, from a preset and from flags: which goes before which, and what is refused, all of it named."""

import dataclasses

import pytest
from train_cases import SMALL, one_line, same_weights, train, written

from cli.lab import config, flags, runs
from cli.lab.errors import LabError
from cli.lab.settings import NAMES, Settings, contradictions, defaults, effective
from cli.main import run


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return written(tmp_path_factory.mktemp("text"))


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "settings.toml"
        path.write_text(content, encoding="utf-8")
        return str(path)

    return write


def refused(capsys, arguments):
    capsys.readouterr()
    assert run(["train", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert one_line(err), err
    return err


def test_flags_and_fields_have_the_same_names_and_defaults():
    assert set(NAMES) == {flag.name for flag in flags.FLAGS} | {"sha256"}
    own = {f.name: f.default for f in dataclasses.fields(Settings)}
    for name, default in effective().items():
        if name not in ("corpus", "clean", "tokens", "split"):
            assert own[NAMES[name]] == default, name


@pytest.mark.parametrize("flag", flags.FLAGS, ids=lambda flag: flag.name)
def test_a_default_is_a_value_that_may_be_given(flag):
    if flag.default is not None:
        assert flag.kind.check(flag.default) == flag.default
    assert defaults()[flag.name] == flag.default


def test_a_run_s_own_file_makes_the_same_run(text, tmp_path, capsys):
    more = ["--cell", "gru", "--embedding", "4", "--optimizer", "adamw", "--clip", "none", "--warmup", "2"]
    assert train(text, tmp_path / "a", *more, "--schedule", "cosine", "--evaluate-every", "never") == 0
    file = str(tmp_path / "a" / "config.toml")
    assert run(["train", "--config", file, "--out", str(tmp_path / "b"), "--json"]) == 0
    assert same_weights(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a" / "config.toml").read_bytes() == (tmp_path / "b" / "config.toml").read_bytes()
    assert runs.load(str(tmp_path / "a")).settings == runs.load(str(tmp_path / "b")).settings


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"clip": None, "clip_value": 0.25}, {"evaluate_every": 0}, {"lr": 1e-05, "std": 0.1 + 0.2},
        {"corpus": 'a "quoted"\\path\t\x7f ü 😀.txt'}, {"epochs": None, "minutes": 2.5},
        {"tied": True, "embedding": 128},
        {"first": 10, "patience": 3, "seed": 2**40},
    ],
)  # fmt: skip
def test_what_is_written_is_read_again(changes, tmp_path):
    settings = dataclasses.replace(Settings("x", "none", "char", 0.9, "abc"), **changes)
    path = tmp_path / "config.toml"
    path.write_text(config.written(settings), encoding="utf-8")
    assert config.settings_of(config.parse(path), "x") == settings


def test_flags_go_before_the_file_and_the_file_before_the_preset(text, file):
    own = file(f"preset = 'd2l-gru'\ncorpus = '{text}'\nclean = 'none'\nlr = 0.5\nsteps = 7\nhidden = 12\n")
    settings, _ = config.prepared({"hidden": 9, "clip_value": 0.1}, config.read(own), None)
    assert (settings.cell, settings.batch, settings.optimizer) == ("gru", 32, "sgd")  # the preset's
    assert (settings.lr, settings.steps, settings.epochs) == (0.5, 7, None)  # the file's, in place of its epochs
    assert (settings.hidden, settings.clip, settings.clip_value) == (9, None, 0.1)  # the flags', in place of its clip
    settings, _ = config.prepared(
        {"optimizer": "adam"}, {"corpus": text, "optimizer": "momentum", "momentum": 0.5}, None
    )
    assert settings.momentum is None


def test_a_switch_can_be_undone(text, file, tmp_path, capsys):
    own = file(f"corpus = '{text}'\nbidirectional = true\nsteps = 2\nhidden = 4\nbatch = 2\nwindow = 5\n")
    arguments = ["train", "--config", own, "--out", str(tmp_path / "r"), "--no-bidirectional", "--json"]
    assert run(arguments) == 0
    assert not runs.load(str(tmp_path / "r")).settings.bidirectional


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("hiden = 3\nwindows = 4\nlr = 'fast'\nlayers = 0\nseed = true", [
            "unknown key hiden, did you mean hidden?", "unknown key windows, did you mean window?",
            "lr is 'fast': give a number above 0", "layers is 0: give a whole number of at least 1", "seed is True",
        ]),
        ("zzz = 1", ["unknown key zzz"]),
        ("epochs = 3\nsteps = 4\nclip = 1\nclip_value = 2", ["--epochs and --steps", "--clip and --clip-value"]),
        ("cell = 'elman'\noptimizer = 'adm'\ndtype = 1", ["cell is 'elman': choose from rnn, gru, lstm", "adam"]),
        ("hidden = 1.5\ndropout = 1\nmomentum = -1\ntied = 1", ["hidden is 1.5", "dropout is 1", "momentum", "tied"]),
        ("corpus = 3\ndtype = 1", ["corpus is 3", "dtype is 1"]),
        ("lr = inf\nclip = nan\nevaluate_every = 0", ["lr is inf", "clip is nan"]),
        ("hidden = ", ["it is not TOML"]),
        ("[network]\nhidden = 3", ["unknown key network"]),
        ("format = 3", ["format is 3, not 4"]),
        ("preset = 'd2l-run'", ["there is no preset 'd2l-run'", "d2l-rnn"]),
        ("sha256 = 'abc'", ["is not the one that the settings were written for"]),
        ("clean = 'd2l'", ["d2l"]),
    ],
)  # fmt: skip
def test_a_bad_file_names_everything_that_is_wrong(content, words, file, tmp_path, capsys):
    err = refused(capsys, ["--config", file(content), "--out", str(tmp_path / "r")])
    for word in words:
        assert word in err, err
    assert not (tmp_path / "r").exists()


def test_a_file_that_is_not_there_or_no_text(tmp_path, capsys):
    assert "no/such.toml" in refused(capsys, ["--config", "no/such.toml"])
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    assert "it is not TOML" in refused(capsys, ["--config", str(tmp_path / "x")])
    refused(capsys, ["--config", str(tmp_path)])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("--tied", "--tied and --embedding (it must be 128"),
        ("--tied --embedding 128 --bidirectional", "--tied and --embedding (it must be 256"),
        ("--tied --embedding 128 --cell jordan", "--tied and --cell"),
        ("--cell jordan --bidirectional", "--bidirectional and --cell"),
        ("--cell jordan --dropout 0.5", "--dropout and --layers"),
        ("--momentum 0.5", "--momentum and --optimizer"),
        ("--truncation 50", "--truncation and --window"),
        ("--stride 36", "--stride and --truncation"),
        ("--truncation 5 --stride 6", "--stride and --truncation"),
        ("--truncation 5 --bidirectional", "--truncation and --bidirectional"),
        ("--decay 0.5", "--decay and --schedule"),
        ("--schedule cosine --minutes 3", "--schedule and --minutes"),
        ("--schedule step --minutes 3", "--schedule and --minutes"),
        ("--patience 3 --evaluate-every never", "--patience and --evaluate-every"),
        ("--tied --momentum 0.5 --truncation 99", "--tied and --embedding"),
        ("--tied --momentum 0.5 --truncation 99", "--momentum and --optimizer"),
        ("--tied --momentum 0.5 --truncation 99", "--truncation and --window"),
    ],
)
def test_what_does_not_go_together_is_named(given, words, text, tmp_path, capsys):
    assert words in refused(capsys, ["--corpus", text, "--out", str(tmp_path / "r"), *given.split()])
    assert not (tmp_path / "r").exists()


def test_what_goes_together_is_not_refused():
    for given in (
        {"schedule": "step", "decay_every": 5, "minutes": 1.0}, {"tied": True, "embedding": 256, "bidirectional": True},
        {"truncation": 35, "stride": 35}, {"stride": 5}, {"momentum": 0.5, "optimizer": "rmsprop"},
        {"cell": "jordan", "dropout": 0.5, "layers": 2}, {"patience": 1},
    ):  # fmt: skip
        assert contradictions(effective(given)) == []


def test_a_text_shorter_than_a_window_makes_no_folder(tmp_path, capsys):
    short = tmp_path / "short.txt"
    short.write_text("a short text, too short for that")
    out = tmp_path / "r"
    err = refused(capsys, ["--corpus", str(short), "--out", str(out), *SMALL, "--window", "40"])
    assert "one minibatch needs" in err
    assert not out.exists()


def test_a_setting_missing_from_a_run_is_named(tmp_path):
    path = tmp_path / "config.toml"
    lines = config.written(Settings("x", "none", "char", 0.9, "abc")).splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith(("hidden", "seed"))))
    with pytest.raises(LabError, match="without hidden, seed"):
        config.settings_of(config.parse(path), "x")
