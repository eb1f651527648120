"""`rnn-lab warm`: after it nothing is compiled any more; and the line that says so while something is."""

import ast
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from cli.lab import warm
from cli.lab.kernels import kernels
from cli.main import COMPILING, run
from minigrad.kernels import compiling
from minigrad.kernels.compiling import cache_folder, kernel, machine_code

SCRIPT = Path(sys.executable).parent / "rnn-lab"
ROOT = Path(cli.__path__[0]).parent
MINUTES = 600  # seconds that a slow machine may take to compile everything

# Modules whose kernels `warm` does not compile, and why.
EXCEPTIONS = {
    "cli.lab.bench.packed": "what bench compares with; only its own process runs it",
    "cli.lessons.speed.compiled": "what that lesson times beside the kernels; small, and compiled when it is read",
}


def double(x):
    return 2 * x


def triple(x):
    return 3 * x


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache of the test's own, in a process that has said nothing yet."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(compiling, "_warned", set())
    cache_folder.cache_clear()
    compiling._announce.cache_clear()
    yield tmp_path / "cache"
    cache_folder.cache_clear()


@pytest.fixture
def two(monkeypatch, cache):
    """Let there be two kernels, as a new process would have them, and `warm` call both, one for two types."""

    def fresh():
        found = {"double": kernel(double), "triple": kernel(triple)}
        monkeypatch.setattr(warm, "kernels", lambda: found)
        works = {"whole numbers": lambda: found["double"](21), "others": lambda: [k(2.5) for k in found.values()]}
        monkeypatch.setattr(warm, "works", lambda: works)

    fresh()
    return fresh


def test_it_says_what_was_compiled_and_the_second_time_that_nothing_was(two, cache, capsys):
    assert run(["warm", "--json"]) == 0
    out, err = capsys.readouterr()
    row = json.loads(out)
    assert (row["compiled"], row["kernels"], row["folder"]) == (3, 2, str(cache))
    assert row["bytes"] == sum(file.stat().st_size for file in cache.rglob("*") if file.is_file()) > 0
    assert row["seconds"] > 0
    assert err == COMPILING + "\n"
    assert run(["warm", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["compiled"] == 0
    two()
    compiling._announce.cache_clear()
    assert run(["warm", "--plain"]) == 0
    out, err = capsys.readouterr()
    assert "nothing to compile: all 2 kernels are there" in out
    assert str(cache) in out
    assert err == ""


def test_where_nothing_can_be_kept_nothing_is_compiled(two, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert run(["warm"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "compiled kernels cannot be kept: not a directory; " in err
    assert "NUMBA_CACHE_DIR" in err


def test_a_disk_that_fills_up_on_the_way_is_an_error(two, monkeypatch, capsys):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile._save_data", full)
    assert run(["warm"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == COMPILING
    assert "No space left on device" in lines[1]
    assert lines[-1].startswith("rnn-lab: compiled kernels cannot be kept")
    assert len(lines) == 3


def test_any_command_says_that_it_compiles_once_and_on_stderr(two, monkeypatch, capsys):
    """As another command would: its kernel is compiled in the middle of what it does."""

    def listed():
        kernel(double)(1)
        kernel(triple)(1)
        return []

    monkeypatch.setattr("cli.lab.corpora.listed", listed)
    assert run(["data", "list", "--json"]) == 0
    assert capsys.readouterr() == ("", COMPILING + "\n")
    compiling._announce.cache_clear()
    assert run(["data", "list", "--json"]) == 0
    assert capsys.readouterr() == ("", ""), "a kernel that is there is not compiled"


def test_what_kernels_say_is_shown_by_commands_only(two, capsys):
    log = logging.getLogger("minigrad.kernels")
    level, handlers = log.level, list(log.handlers)
    run(["data", "--help"])
    assert (log.level, log.handlers) == (level, handlers)
    capsys.readouterr()
    kernel(double)(1)
    assert capsys.readouterr().err == ""


def test_every_kernel_is_known_by_its_module():
    """By their sources: each function under `@kernel` in any room, wherever it stands. Those of a GPU are not kept."""
    wanted = set()
    files = [f for room in ("minigrad", "rnn", "data", "cli") for f in (ROOT / room).rglob("*.py")]
    for file in (f for f in files if "cuda" not in f.relative_to(ROOT).parts):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and any("kernel" in names(d) for d in node.decorator_list):
                wanted.add((".".join(file.relative_to(ROOT).with_suffix("").parts), node.name))
    assert set(kernels()) == {f"{module}.{name}" for module, name in wanted if module not in EXCEPTIONS}


def names(node):
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def rnn_lab(folder, *arguments):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache"), "XDG_STATE_HOME": str(folder / "state")}
    return subprocess.run(
        [SCRIPT, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=MINUTES
    )


@pytest.fixture(scope="module")
def warmed(tmp_path_factory):
    """A folder whose cache was empty before `warm`."""
    folder = tmp_path_factory.mktemp("warm")
    done = rnn_lab(folder, "warm", "--json")
    assert COMPILING in done.stderr
    assert json.loads(done.stdout)["compiled"] >= len(kernels())
    return folder


@pytest.mark.slow
def test_every_kernel_is_compiled_by_warm(warmed, monkeypatch):
    """Those that are called from Python and those that these call: all have left machine code."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(warmed / "cache"))
    cache_folder.cache_clear()
    try:
        cold = {name for name, one in kernels().items() if not machine_code(kernel(one.py_func))}
    finally:
        cache_folder.cache_clear()
    assert not cold


@pytest.mark.slow
def test_a_second_time_nothing_is_compiled(warmed):
    done = rnn_lab(warmed, "warm", "--json")
    assert json.loads(done.stdout)["compiled"] == 0
    assert done.stderr == ""


def training(cell, dtype, out):
    return ["train", "--cell", cell, "--dtype", dtype, "--hidden", "20", "--layers", "2", "--steps", "2", "--out", out]


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["lesson", "bptt", "--check"],
        ["verify", "elman", "--problems", "1"],
        ["compare", "--orders", "2", "--smoothing", "katz", "--smoothing", "jelinek-mercer"],
        training("rnn", "float32", "a"),
        training("gru", "float64", "b"),
        training("lstm", "float32", "c"),
    ],
    ids=lambda arguments: " ".join(arguments[:3]),
)
def test_after_it_commands_compile_nothing(warmed, arguments):
    assert COMPILING not in rnn_lab(warmed, *arguments).stderr


@pytest.mark.slow
def test_after_it_generation_compiles_nothing(warmed):
    rnn_lab(warmed, *training("gru", "float32", "told"))
    assert COMPILING not in rnn_lab(warmed, "sample", "told").stderr
