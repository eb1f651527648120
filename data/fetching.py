"""Getting a text that is known but not shipped: checked by its SHA-256, and put in its place in one step."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from data.corpus import Entry, fetching, find, folders
from data.errors import DataError
from data.files import replacing

PIECE = 1 << 16  # bytes at a time
LARGEST = 1 << 30  # bytes; a server that never ends must not fill the disk
SECONDS = 30.0  # without a sign from the server

Tell = Callable[[int, int | None], None]
"""Told the bytes that have come and, where it is known, how many there will be."""


@dataclass(frozen=True)
class Fetched:
    """A text that is now in its place. `fresh` is False where it was there before; then nothing was fetched."""

    name: str
    path: Path
    source: str
    bytes: int
    sha256: str
    fresh: bool


def fetch(name: str, *, source: str | None = None, tell: Tell = lambda done, total: None) -> Fetched:
    """Fetch the text of a corpus from its own address, or from another URL or file.

    It goes to where a file of that name lies, or else to the first folder where it is looked for: that named by
    RNN_LAB_DATA, or the user's cache. Bytes with another SHA-256 than the one on record never get there.
    Raises DataError for a name without a text to fetch, a source that cannot be read whole, the wrong text, and a
    place that cannot be written; what was there before is then there still.
    """
    entry, target = _wanted(name)
    if target.is_file() and (found := _sha256(target)) == entry.sha256:
        return Fetched(entry.name, target, str(target), target.stat().st_size, found, fresh=False)
    source = entry.url if source is None else source
    assert source is not None  # _wanted has seen to it
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as file:
            size, sha256 = 0, hashlib.sha256()
            for piece, total in _pieces(source, entry):
                file.write(piece)
                sha256.update(piece)
                size += len(piece)
                tell(size, total)
            _check(sha256.hexdigest(), entry, source)
    except OSError as error:
        what = f"the text cannot be saved ({error.strerror})"
        raise DataError(what, str(target), "set RNN_LAB_DATA to a folder where you may write") from error
    return Fetched(entry.name, target, source, size, sha256.hexdigest(), fresh=True)


def _wanted(name: str) -> tuple[Entry, Path]:
    entry = find(name)
    if entry.file is None or entry.url is None or entry.sha256 is None:
        raise DataError(
            "there is nothing to fetch", f'"{name}"', "its text is here: rnn-lab data list shows which are not"
        )
    return entry, entry.path or folders()[0] / entry.file


def _check(sha256: str, entry: Entry, source: str) -> None:
    if sha256 != entry.sha256:
        what = f"this is not the text of {entry.name}: its SHA-256 is {sha256}, not {entry.sha256}"
        raise DataError(what, source, f"nothing was saved; try another source: {fetching(entry)} --from URL|FILE")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pieces(source: str, entry: Entry) -> Iterator[tuple[bytes, int | None]]:
    """The bytes of a URL or a file in pieces, each with the size of the whole where it is known."""
    if "://" not in source:
        return _from_file(Path(source))
    if source.partition("://")[0].lower() not in ("http", "https"):
        raise DataError("the address is neither http nor https", source, "give one that is, or a file")
    return _from_url(source, f"try again, or another source: {fetching(entry)} --from URL|FILE")


def _from_file(path: Path) -> Iterator[tuple[bytes, int | None]]:
    try:
        total = path.stat().st_size
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece, total
    except OSError as error:
        raise DataError(f"the file cannot be read ({error.strerror})", str(path), "check the path") from error


def _from_url(url: str, remedy: str) -> Iterator[tuple[bytes, int | None]]:
    """Redirections are followed. A connection that ends early is noticed by the length that was announced."""
    done, total = 0, None
    try:
        request = Request(url, headers={"User-Agent": "rnn-lab"})
        with closing(urlopen(request, timeout=SECONDS)) as response:
            total = response.length
            while piece := response.read(PIECE):
                done += len(piece)
                if done > LARGEST:
                    raise DataError(f"there are more than {LARGEST:,} bytes", url, "this is no corpus; " + remedy)
                yield piece, total
    except HTTPError as error:
        error.close()
        said = str(error.reason).partition("\n")[0].rstrip(". ")
        raise DataError(f"the server answers {error.code} ({said})", url, remedy) from error
    except DataError:
        raise
    except (OSError, HTTPException, ValueError) as error:
        raise DataError(f"it cannot be fetched ({_reason(error)})", url, remedy) from error
    if total is not None and done < total:
        raise DataError(f"the connection broke off after {done:,} of {total:,} bytes", url, remedy)


def _reason(error: Exception) -> str:
    """Why there is no connection, as the system puts it."""
    inner = error.reason if isinstance(error, URLError) else error
    said = inner.strerror if isinstance(inner, OSError) and inner.strerror else inner
    return " ".join(str(said).split())
