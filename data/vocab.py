"""Numbering the tokens of a text [D2L 8.2.3, seed 004 8.2]. N is a length and V the size of a vocabulary."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import DataError
from data.files import replacing
from data.ids import Ints, as_ids
from data.tokens import KINDS, UNKNOWN, Kind


@dataclass(frozen=True)
class Vocab:
    """The tokens that a model knows; a token's id is its place in `tokens`.

    `kind` says what a token is: char, word or byte (`data.tokens`). `<unk>` is the token of all that is not
    known; bytes are all known and have none. `reserved` names the tokens that no text can spell, such as
    `<pad>`, `<bos>` and `<eos>`: a word of the text that looks like one is unknown, so padding is never `<unk>`
    and nothing in a text is ever padding. The order is free: D2L gives `<unk>` the id 0, the notes of seed 000
    give 0 to padding.
    Two vocabularies are equal when tokens, kind and reserved are. Raises DataError for tokens that cannot be.
    """

    tokens: tuple[str, ...]
    kind: str = "char"
    reserved: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", tuple(self.tokens))  # a list, as JSON gives it, will do
        object.__setattr__(self, "reserved", tuple(self.reserved))
        if problem := next(_problems(self.tokens, self.kind, self.reserved), None):
            raise DataError(problem, "vocabulary", f"give {UNKNOWN}, reserved tokens and tokens of a text, each once")

    @classmethod
    def from_text(cls, text: str, kind: str = "char", *, min_freq: int = 1, reserved: Sequence[str] = ()) -> "Vocab":
        """The tokens of `text` that occur at least `min_freq` times, as `from_counts` orders them."""
        return cls.from_counts(Counter(named(kind).cut(text)), kind, min_freq=min_freq, reserved=reserved)

    @classmethod
    def from_counts(
        cls, counts: Mapping[str, int], kind: str = "char", *, min_freq: int = 1, reserved: Sequence[str] = ()
    ) -> "Vocab":
        """`<unk>`, the reserved tokens, then the most frequent tokens first, equals by code points [D2L 8.2.3].

        Bytes keep their values as ids, and reserved tokens come after them.
        """
        if min_freq < 1:
            raise DataError(f"min_freq is {min_freq}", "vocabulary", "give a whole number of at least 1")
        if fixed := named(kind).fixed:
            return cls((*fixed, *reserved), kind, tuple(reserved))
        special = (UNKNOWN, *reserved)
        usual = [token for token, n in counts.items() if n >= min_freq and token not in special]
        return cls((*special, *sorted(usual, key=lambda token: (-counts[token], token))), kind, tuple(reserved))

    def __len__(self) -> int:
        """V, `<unk>` and the reserved tokens included."""
        return len(self.tokens)

    @property
    def unit(self) -> str:
        """What a token is called: character, word or byte."""
        return KINDS[self.kind].unit

    @property
    def unknown_id(self) -> int | None:
        """The id of `<unk>`; None where every token is known, as bytes are."""
        return self._ids.get(UNKNOWN)

    def encode(self, text: str) -> Ints:
        """The ids (N,) of the N tokens of `text`; that of `<unk>` for each one that is not in the vocabulary."""
        return self._encoder(text)

    def of_text(self, tokens: Iterable[str]) -> Ints:
        """The ids (N,) of tokens that were cut from a text: what `encode` gives for it."""
        unknown = self._ids.get(UNKNOWN, -1)
        return np.array([self._usual.get(token, unknown) for token in tokens], dtype=np.int64)

    def decode(self, ids: ArrayLike) -> str:
        """The text of ids (N,): words are joined by spaces, bytes read as UTF-8.

        What cannot be shown is U+FFFD: an unknown character, bytes that are not UTF-8. Unknown words and reserved
        tokens are shown by their names. Raises DataError for an id outside 0 … V−1.
        """
        return "".join(self.pieces(self._checked(as_ids(ids)).tolist()))

    def pieces(self, ids: Iterable[int], after: str = "") -> Iterator[str]:
        """What to write for each of the ids as it comes, so that a text which begins with `after` goes on."""
        return KINDS[self.kind].pieces((self.tokens[i] for i in ids), after)

    def ids_of(self, tokens: ArrayLike) -> Ints:
        """The ids of an array of tokens, in its shape; reserved tokens are found by name.

        A token that is not in the vocabulary gets the id of `<unk>`. Raises DataError where there is no `<unk>`.
        """
        array = np.array(tokens, dtype=object)
        found = [self._ids.get(token, self.unknown_id) for token in array.ravel().tolist()]
        if None in found:
            what = f"there is no token {array.ravel()[found.index(None)]!r}"
            raise DataError(what, f"vocabulary of {len(self)} bytes", "give bytes by their names in data.tokens.BYTES")
        return np.array(found, dtype=np.int64).reshape(array.shape)

    def tokens_of(self, ids: ArrayLike) -> NDArray[np.object_]:
        """The tokens, as str, of an array of ids, in its shape. Raises DataError for an id outside 0 … V−1."""
        array = np.asarray(ids)
        return self._names[self._checked(as_ids(array.ravel()))].reshape(array.shape)

    def unknown(self, text: str) -> tuple[str, ...]:
        """The distinct tokens of `text` that the vocabulary lacks, in their order of appearance."""
        return tuple(token for token in dict.fromkeys(KINDS[self.kind].cut(text)) if token not in self._usual)

    def save(self, path: Path) -> None:
        """Write the vocabulary as JSON, in one step."""
        about = {"kind": self.kind, "reserved": self.reserved, "tokens": self.tokens}
        with replacing(Path(path)) as file:
            file.write(json.dumps(about, ensure_ascii=False, indent=0).encode("utf-8", "surrogatepass"))

    @classmethod
    def load(cls, path: Path) -> "Vocab":
        """The vocabulary that `save` wrote. Raises DataError for a file absent or damaged."""
        try:
            return cls(**_read(Path(path)))
        except OSError as error:
            raise DataError(
                f"the vocabulary cannot be read ({error.strerror})", str(path), "give another path"
            ) from None
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            reason = error.what if isinstance(error, DataError) else " ".join(str(error).split())
            what = f"this is no vocabulary ({reason})"
            raise DataError(what, str(path), "the file is damaged: make it again") from None

    def _checked(self, array: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
        if array.size and not 0 <= array.min() <= array.max() < len(self):
            raise DataError(
                f"ids run from {array.min()} to {array.max()}",
                f"vocabulary of {len(self)} tokens",
                "decode with the vocabulary that encoded the text",
            )
        return array

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: i for i, token in enumerate(self.tokens)}

    @cached_property
    def _usual(self) -> dict[str, int]:
        """Without `<unk>` and the reserved tokens: what a text can have."""
        special = {UNKNOWN, *self.reserved}
        return {token: i for token, i in self._ids.items() if token not in special}

    @cached_property
    def _names(self) -> NDArray[np.object_]:
        return np.array(self.tokens, dtype=object)

    @cached_property
    def _encoder(self) -> Callable[[str], Ints]:
        return KINDS[self.kind].encoder(self._usual, self._ids.get(UNKNOWN, -1))


def named(kind: str) -> Kind:
    """The kind of tokens of that name. Raises DataError where there is none."""
    if kind not in KINDS:
        raise DataError(f'there are no tokens of the kind "{kind}"', "tokens", f"choose from {', '.join(KINDS)}")
    return KINDS[kind]


def _read(path: Path) -> dict[str, Any]:
    about = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
    types = {"kind": str, "reserved": list, "tokens": list}
    if {name: type(value) for name, value in about.items()} != types:
        raise TypeError("not a kind and two lists, reserved and tokens")
    return about


def _problems(tokens: tuple[Any, ...], kind: str, reserved: tuple[Any, ...]) -> Iterator[str]:
    """Why these can be no vocabulary."""
    cut = named(kind)
    if odd := [token for token in (*tokens, *reserved) if not isinstance(token, str)]:
        yield f"the token {odd[0]!r} is no text"
    elif odd := [name for name in reserved if not _reservable(name)]:
        yield f"the reserved token {odd[0]!r} is not written as <name>"
    elif len(set(tokens)) < len(tokens) or len(set(reserved)) < len(reserved):
        yield "a token occurs twice"
    elif missing := {*reserved} - {*tokens}:
        yield f"the reserved token {min(missing)!r} is not among the tokens"
    elif cut.fixed and tokens != (*cut.fixed, *reserved):
        yield "it is not the 256 bytes and then the reserved tokens"
    elif not cut.fixed and UNKNOWN not in tokens:
        yield f"there is no {UNKNOWN}"
    elif odd := [t for t in tokens if t != UNKNOWN and t not in reserved and not cut.spells(t)]:
        yield f"the token {odd[0]!r} is not a single {cut.unit}"


def _reservable(name: str) -> bool:
    return len(name) > 2 and name[0] == "<" and name[-1] == ">" and name.split() == [name] and name != UNKNOWN
