"""Fetching from a server on this machine: the right text arrives whole, and nothing else ever does."""

import hashlib
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from data import DataError, load
from data import corpus as catalogue
from data import fetching as module
from data.fetching import fetch

TEXT = b"The tide came in.\n" * 20_000  # more than one piece
SHA256 = hashlib.sha256(TEXT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Answers by the first word of the path."""

    def do_GET(self):
        getattr(self, self.path.strip("/").partition("/")[0])()

    def right(self):
        self.answer(TEXT)

    def wrong(self):
        self.answer(TEXT.replace(b"tide", b"tidy", 1))

    def empty(self):
        self.answer(b"")

    def truncated(self):
        self.answer(TEXT[:100_000], length=len(TEXT))

    def cut(self):
        """A chunk that ends before its length."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"ffff\r\nshort")

    def chunked(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(TEXT), TEXT))

    def missing(self):
        self.send_error(404)

    def broken(self):
        self.send_error(500, "Out of order")

    def moved(self):
        self.redirect("/again/here")

    def again(self):
        self.redirect("/right")

    def circle(self):
        self.redirect("/circle")

    def inwards(self):
        self.redirect("file:///etc/hostname")

    def garbage(self):
        self.wfile.write(b"this is not HTTP\r\n\r\n")

    def slow(self):
        time.sleep(0.6)

    def redirect(self, to):
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()

    def answer(self, content, length=None):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        self.server.asked.append(self.path)


@pytest.fixture(scope="module")
def server():
    """Runs while the module's tests do; `asked` has the paths that were asked for."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *who: None  # a client that goes away is what some tests are about
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path, monkeypatch, server):
    """A catalogue with one text, to be fetched from /right; RNN_LAB_DATA names the folder, which is not made yet."""
    (tmp_path / "catalogue/tide").mkdir(parents=True)
    (tmp_path / "catalogue/ours").mkdir()
    about = 'title = "The Tide"\nlicence = "public domain"\nsource = "a library"\n'
    (tmp_path / "catalogue/ours/corpus.toml").write_text(about)
    (tmp_path / "catalogue/ours/text.txt").write_text("ours")
    about += f'file = "tide.txt"\nurl = "{address(server, "right")}"\nsha256 = "{SHA256}"\n'
    (tmp_path / "catalogue/tide/corpus.toml").write_text(about)
    monkeypatch.setattr(catalogue, "CORPORA", tmp_path / "catalogue")
    monkeypatch.setattr(catalogue.platformdirs, "user_cache_dir", lambda app: str(tmp_path / "cache" / app))
    monkeypatch.setenv("RNN_LAB_DATA", str(tmp_path / "data"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server.asked.clear()
    return tmp_path / "data"


def address(server, path):
    return f"http://127.0.0.1:{server.server_port}/{path}"


def names(folder):
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def refusal(name="tide", **how):
    with pytest.raises(DataError) as caught:
        fetch(name, **how)
    error = caught.value
    assert str(error) == f"{error.what}; {error.where}; {error.remedy}"
    assert "\n" not in str(error)
    return error


@pytest.mark.parametrize("path", [None, "right", "moved", "chunked"])
def test_the_right_text_arrives(folder, server, path):
    told = []
    source = None if path is None else address(server, path)
    text = fetch("tide", source=source, tell=lambda done, total: told.append((done, total)))
    assert (folder / "tide.txt").read_bytes() == TEXT
    assert (text.name, text.path, text.bytes, text.sha256, text.fresh) == (
        "tide",
        folder / "tide.txt",
        len(TEXT),
        SHA256,
        True,
    )
    assert text.source == (source or address(server, "right"))
    assert names(folder) == ["tide.txt"]
    assert len(told) > 1
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1] == (len(TEXT), None if path == "chunked" else len(TEXT))
    assert load("tide").text == TEXT.decode()


def test_without_a_data_folder_it_goes_to_the_cache(folder, monkeypatch):
    monkeypatch.delenv("RNN_LAB_DATA")
    assert fetch("tide").path == folder.parent / "cache/rnn-lab/corpora/tide.txt"
    assert load("tide").sha256 == SHA256


def test_what_is_here_is_not_fetched_again(folder, server):
    fetch("tide")
    server.asked.clear()
    stamp = (folder / "tide.txt").stat().st_mtime_ns
    text = fetch("tide", source=address(server, "missing"))
    assert (text.fresh, text.bytes, text.path) == (False, len(TEXT), folder / "tide.txt")
    assert (folder / "tide.txt").stat().st_mtime_ns == stamp
    assert server.asked == []


def test_an_altered_text_is_replaced_where_it_lies(folder, monkeypatch):
    other = folder.parent / "cache/rnn-lab/corpora"
    other.mkdir(parents=True)
    (other / "tide.txt").write_bytes(TEXT[:-1])
    assert fetch("tide").path == other / "tide.txt"
    assert load("tide").sha256 == SHA256
    assert names(folder) == []


FAILURES = [
    ("wrong", "this is not the text of tide: its SHA-256 is [0-9a-f]{64}, not " + SHA256),
    ("empty", "this is not the text of tide"),
    ("truncated", "the connection broke off after 100,000 of 360,000 bytes"),
    ("cut", "it cannot be fetched"),
    ("missing", r"the server answers 404 \(Not Found\)"),
    ("broken", r"the server answers 500 \(Out of order\)"),
    ("circle", "the server answers 302 .*redirect"),
    ("inwards", "the server answers 302 .*file:///etc/hostname"),
    ("garbage", "it cannot be fetched"),
    ("slow", r"it cannot be fetched \(.*timed out\)"),
]


@pytest.mark.parametrize(("path", "message"), FAILURES)
@pytest.mark.parametrize("before", [None, b"an older text"])
def test_what_goes_wrong_is_said_and_leaves_all_as_it_was(folder, server, monkeypatch, path, message, before):
    monkeypatch.setattr(module, "SECONDS", 0.2)
    if before is not None:
        folder.mkdir()
        (folder / "tide.txt").write_bytes(before)
    error = refusal(source=address(server, path))
    assert re.match(message, error.what), error.what
    assert error.where == address(server, path)
    assert "--from URL|FILE" in error.remedy
    assert names(folder) == ([] if before is None else ["tide.txt"])
    assert before is None or (folder / "tide.txt").read_bytes() == before


def test_without_a_network_there_is_one_clear_line(folder, monkeypatch):
    def unknown(*arguments, **options):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = refusal(source="http://texts.example/tide.txt")
    assert error.what == "it cannot be fetched (Name or service not known)"
    assert names(folder) == []


def test_a_server_that_is_not_there(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "Connection refused" in refusal(source=f"http://127.0.0.1:{port}/").what
    assert names(folder) == []


@pytest.mark.parametrize(
    "source", ["ftp://a.example/b", "file:///etc/hostname", "gopher://x", "http://", "http://a b/", "http://[/"]
)
def test_addresses_that_are_none(folder, source):
    assert refusal(source=source).where == source
    assert names(folder) == []


def test_from_a_file(folder, tmp_path):
    copy = tmp_path / "copy of it"
    copy.write_bytes(TEXT)
    assert fetch("tide", source=str(copy)).source == str(copy)
    assert load("tide").sha256 == SHA256
    (folder / "tide.txt").unlink()
    copy.write_bytes(TEXT + b".")
    assert "not the text of tide" in refusal(source=str(copy)).what
    assert "cannot be read (No such file" in refusal(source=str(tmp_path / "absent")).what
    assert "cannot be read" in refusal(source=str(tmp_path)).what
    assert names(folder) == []


def test_from_the_file_that_is_to_be_replaced(folder):
    folder.mkdir()
    (folder / "tide.txt").write_bytes(b"wrong")
    assert "not the text of tide" in refusal(source=str(folder / "tide.txt")).what
    assert (folder / "tide.txt").read_bytes() == b"wrong"


def test_a_server_that_never_ends(folder, server, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 200_000)
    assert "more than 200,000 bytes" in refusal(source=address(server, "right")).what
    assert names(folder) == []


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_being_stopped_half_way_leaves_nothing(folder, stop):
    def tell(done, total):
        assert len(names(folder)) == 1  # under another name
        assert names(folder) != ["tide.txt"]
        raise stop

    with pytest.raises((KeyboardInterrupt, DataError)):
        fetch("tide", tell=tell)
    assert names(folder) == []


def test_a_place_that_cannot_be_written(folder, monkeypatch):
    folder.write_text("a file, where a folder should be")
    error = refusal()
    assert error.what.startswith("the text cannot be saved")
    assert error.where == str(folder / "tide.txt")
    folder.unlink()
    (folder / "tide.txt").mkdir(parents=True)
    assert refusal().what.startswith("the text cannot be saved")
    assert names(folder) == ["tide.txt"]


@pytest.mark.parametrize(("name", "what"), [("ours", "there is nothing to fetch"), ("tied", "there is no such corpus")])
def test_names_without_a_text_to_fetch(folder, name, what):
    assert refusal(name).what.startswith(what)
