"""`rnn-lab data fetch` from a server on this machine and from a file."""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cli.main import run
from data import corpus as catalogue

TEXT = b"Low water at noon.\n" * 30_000


class Handler(BaseHTTPRequestHandler):
    """The text, or 404 for /missing."""

    def do_GET(self):
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(TEXT)))
        self.end_headers()
        self.wfile.write(TEXT)

    def log_message(self, *arguments):
        """Nothing."""


@pytest.fixture(scope="module")
def address():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *who: None  # a client that goes away is what some tests are about
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch, address):
    (tmp_path / "catalogue/noon").mkdir(parents=True)
    (tmp_path / "catalogue/noon/corpus.toml").write_text(
        'title = "Noon"\nlicence = "public domain"\nsource = "a library"\nfile = "noon.txt"\n'
        f'url = "{address}/noon"\nsha256 = "{hashlib.sha256(TEXT).hexdigest()}"\n'
    )
    monkeypatch.setattr(catalogue, "CORPORA", tmp_path / "catalogue")
    monkeypatch.setenv("RNN_LAB_DATA", str(tmp_path / "texts"))
    monkeypatch.chdir(tmp_path)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "texts"


def test_a_person_reads_where_it_is_and_what_is_next(folder, capsys):
    assert run(["data", "fetch", "noon"]) == 0
    out, err = capsys.readouterr()
    assert (folder / "noon.txt").read_bytes() == TEXT
    assert err == ""
    for part in (f"{len(TEXT):,} bytes, SHA-256 as it should be", str(folder / "noon.txt"), "rnn-lab data show noon"):
        assert part in out
    assert run(["data", "fetch", "noon"]) == 0
    assert "it was here already" in capsys.readouterr().out
    assert run(["data", "show", "noon", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["characters"] == len(TEXT)


def test_a_program_reads_a_row(folder, address, capsys):
    expected = {
        "name": "noon", "path": str(folder / "noon.txt"), "source": f"{address}/noon", "bytes": len(TEXT),
        "sha256": hashlib.sha256(TEXT).hexdigest(), "fetched": True,
    }  # fmt: skip
    assert run(["data", "fetch", "noon", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == expected
    assert run(["data", "fetch", "noon", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == expected | {"source": str(folder / "noon.txt"), "fetched": False}


def test_progress_is_a_bar_on_stderr_or_a_line_now_and_then(folder, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run(["data", "fetch", "noon", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "fetching noon" in err
    assert json.loads(out)["fetched"]
    monkeypatch.delenv("FORCE_COLOR")
    (folder / "noon.txt").unlink()
    monkeypatch.setattr("cli.render.fetching._SECONDS", 0.0)
    assert run(["data", "fetch", "noon", "--json"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == f"fetching noon: {len(TEXT):,} of {len(TEXT):,} bytes"
    assert len(lines) > 1
    assert not any("\x1b" in line for line in lines)


@pytest.mark.parametrize("colour", [False, True])
def test_what_goes_wrong_is_one_line_and_leaves_nothing(folder, address, capsys, monkeypatch, colour):
    (folder.parent / "other").write_bytes(TEXT[1:])
    if colour:
        monkeypatch.setenv("FORCE_COLOR", "1")
    for source, says in (
        (f"{address}/missing", "the server answers 404 (Not Found)"),
        ("other", "this is not the text of noon"),
        ("ftp://x", "the address is neither http nor https"),
    ):
        assert run(["data", "fetch", "noon", "--from", source]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", err.splitlines()[-1])  # the bar has been wiped away
        assert last.startswith(f"rnn-lab: {says}")
        assert colour or err.count("\n") == 1
        assert not folder.exists() or list(folder.iterdir()) == []


def test_from_a_file(folder, capsys):
    (folder.parent / "copy").write_bytes(TEXT)
    assert run(["data", "fetch", "noon", "--from", "copy"]) == 0
    assert "fetched from copy" in capsys.readouterr().out
    assert (folder / "noon.txt").read_bytes() == TEXT
