"""The corpora that are known, and loading one of them, or any file, as text.

A corpus is a folder of `data/corpora` with a `corpus.toml` in it. Where the text is ours it lies beside that
file as `text.txt`; where it is not, it is looked for by its file name in the folder named by RNN_LAB_DATA,
then in the user's cache. Every other `*.txt` in RNN_LAB_DATA is a corpus too, called by its stem.
"""

import difflib
import hashlib
import os
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import platformdirs

from data.errors import DataError
from data.text import CLEANINGS, cleaned
from data.vocab import named

CORPORA = Path(__file__).parent / "corpora"
_LIST = "`rnn-lab data list` shows them all"


@dataclass(frozen=True)
class Entry:
    """What is known of a corpus before its text is read; the fields of `corpus.toml`, and two more.

    `name` is its folder's. `path` is where its text lies, or None where it does not.
    `cleaning`, `tokens` (char, word or byte) and `split` (the fraction to train on) are defaults. `file`, `url` and
    `sha256` (hexadecimal, of the raw bytes) belong to texts that are not shipped. `entropy`, in nats per character, is
    that of the source that wrote the text, where it is known.
    """

    name: str
    title: str
    licence: str
    source: str
    cleaning: str = "none"
    tokens: str = "char"
    split: float = 0.9
    url: str | None = None
    sha256: str | None = None
    file: str | None = None
    path: Path | None = None
    language: str | None = None
    entropy: float | None = None


@dataclass(frozen=True)
class Corpus:
    """A text, cleaned, and where it comes from.

    `tokens` is the kind it was cleaned for, `split` the fraction to train on, `sha256` the hexadecimal hash of
    the raw bytes. `entropy` is the source's, in nats per token; None where it is not known, as for any cleaning or
    kind of tokens but the corpus' own.
    """

    name: str
    title: str
    source: str
    licence: str
    text: str = field(repr=False)
    cleaning: str
    tokens: str
    split: float
    sha256: str
    entropy: float | None = None


_REQUIRED = {"title", "licence", "source"}
_KEYS = {spec.name for spec in fields(Entry)} - {"name", "path"}


def entries() -> list[Entry]:
    """Every known corpus: the folders of `data/corpora` by name, then the other texts in RNN_LAB_DATA.

    Raises DataError for a `corpus.toml` that cannot be understood.
    """
    known = [_read_entry(toml) for toml in sorted(CORPORA.glob("*/corpus.toml"))]
    names, files = {entry.name for entry in known}, {entry.file for entry in known}
    return known + [_stray(path) for path in _data_texts() if path.stem not in names and path.name not in files]


def load(name_or_path: str, *, clean: str | None = None, tokens: str | None = None) -> Corpus:
    """The corpus of that name, or else the file at that path, cleaned by `clean` or by its own default.

    Cleaning goes by the kind of `tokens` too (`data.text.cleaned`). A file given by its path has the defaults
    cleaning `none`, tokens `char` and split 0.9. Text is UTF-8; a byte order mark
    is dropped and "\\r\\n" becomes "\\n" before cleaning. A text with a SHA-256 on record must have it.
    Raises DataError for an unknown name, cleaning or kind, and for a text absent, unreadable, empty or altered.
    """
    entry = find(name_or_path)
    cleaning = _known_cleaning(entry.cleaning if clean is None else clean, entry)
    kind = entry.tokens if tokens is None else tokens
    named(kind)
    path = _text_path(entry)
    raw = _read(path)
    sha256 = _checked_hash(raw, entry, path)
    text = _cleaned(_decoded(raw, path), cleaning, kind, path)
    entropy = entry.entropy if (cleaning, kind) == (entry.cleaning, entry.tokens) else None
    return Corpus(
        entry.name, entry.title, entry.source, entry.licence, text, cleaning, kind, entry.split, sha256, entropy
    )


def find(name_or_path: str) -> Entry:
    """The entry of that name, or else one for the file at that path. Raises DataError where there is neither."""
    known = {entry.name: entry for entry in entries()}
    if name_or_path in known:
        return known[name_or_path]
    if _looks_like_a_path(name_or_path):
        return _stray(Path(name_or_path))
    remedy = f"{_nearest(name_or_path, known)}{_LIST}"
    raise DataError("there is no such corpus and no such file", f'"{name_or_path}"', remedy)


def _known_cleaning(cleaning: str, entry: Entry) -> str:
    if cleaning not in CLEANINGS:
        choices = f"{_nearest(cleaning, CLEANINGS)}choose from {', '.join(CLEANINGS)}"
        raise DataError(f'there is no cleaning "{cleaning}"', entry.name, choices)
    return cleaning


def _cleaned(text: str, cleaning: str, kind: str, path: Path) -> str:
    if not text:
        raise DataError("the file is empty", str(path), "give a file with text in it")
    left = cleaned(text, cleaning, kind)
    if not left:
        raise DataError(f"cleaning by {cleaning} leaves nothing", str(path), "give another cleaning, such as none")
    return left


def _looks_like_a_path(name: str) -> bool:
    if any(separator in name for separator in (os.sep, os.altsep) if separator) or name.endswith(".txt"):
        return True
    return name != "" and _safely(Path(name).exists)


def _safely(question: Callable[[], bool]) -> bool:
    """is_file, is_dir and exists raise where a name is too long or a folder may not be entered."""
    try:
        return question()
    except OSError:
        return False


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name.lower(), known, n=1)
    return f"did you mean {close[0]}? " if close else ""


def _data_folders() -> list[Path]:
    """The folder named by RNN_LAB_DATA; none where that is unset or empty."""
    named = os.environ.get("RNN_LAB_DATA")
    return [Path(named)] if named else []


def folders() -> list[Path]:
    """Where texts that are not shipped are looked for, the first choice first."""
    return [*_data_folders(), Path(platformdirs.user_cache_dir("rnn-lab")) / "corpora"]


def _data_texts() -> list[Path]:
    found = [path for folder in _data_folders() if _safely(folder.is_dir) for path in folder.glob("*.txt")]
    return sorted(path for path in found if _safely(path.is_file) and not path.name.startswith("."))


def _stray(path: Path) -> Entry:
    return Entry(path.stem, title=path.name, licence="unknown", source=str(path), path=path)


def _read_entry(toml: Path) -> Entry:
    try:
        table = tomllib.loads(toml.read_text(encoding="utf-8"))
    except ValueError as error:  # not TOML, or not UTF-8
        raise DataError("the file is not TOML", str(toml), f"correct it: {error}") from error
    if odd := (_REQUIRED - table.keys()) | (table.keys() - _KEYS):
        remedy = f"give {', '.join(sorted(_REQUIRED))}, and of others only {', '.join(sorted(_KEYS - _REQUIRED))}"
        raise DataError(f"keys missing or unknown: {', '.join(sorted(odd))}", str(toml), remedy)
    entry = Entry(toml.parent.name, **table)
    places = [folder / entry.file for folder in folders()] if entry.file else [toml.parent / "text.txt"]
    return replace(entry, path=next((place for place in places if _safely(place.is_file)), None))


def _text_path(entry: Entry) -> Path:
    if entry.path is not None:
        return entry.path
    if entry.file is None:
        place = CORPORA / entry.name / "text.txt"
        raise DataError(f"the text of {entry.name} is missing", str(place), "install rnn-lab again")
    places = " and ".join(map(str, folders()))
    remedy = f"`{fetching(entry)}` gets it from {entry.url}; or put {entry.file} into the folder named by RNN_LAB_DATA"
    raise DataError(f"the text of {entry.name} is not here", f"looked in {places}", remedy)


def fetching(entry: Entry) -> str:
    """The command that gets a text which is not shipped."""
    return f"rnn-lab data fetch {entry.name}"


def _read(path: Path) -> bytes:
    if _safely(path.is_dir):
        raise DataError("this is a folder, not a text", str(path), "give a file in it")
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError("there is no such file", str(path), f"give another path, or a name; {_LIST}") from error
    except OSError as error:
        what = f"the file cannot be read ({error.strerror})"
        raise DataError(what, str(path), "check its permissions, or copy it elsewhere") from error


def _checked_hash(raw: bytes, entry: Entry, path: Path) -> str:
    sha256 = hashlib.sha256(raw).hexdigest()
    if entry.sha256 not in (None, sha256):
        what = f"this is not the text of {entry.name}: its SHA-256 is {sha256}, not {entry.sha256}"
        remedy = f"`{fetching(entry)}` puts that of {entry.url} there; or load this one by its path"
        raise DataError(what, str(path), remedy)
    return sha256


def _decoded(raw: bytes, path: Path) -> str:
    try:
        return raw.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        what = f"the text is not UTF-8 (byte {raw[error.start]:#04x} at offset {error.start})"
        remedy = f"convert it, for instance with iconv -f ENCODING -t UTF-8 {path.name}"
        raise DataError(what, str(path), remedy) from error
