"""Texts that are known and not shipped, and where they are looked for."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cli.lab.doctor.results import Known, Place, Texts
from data import Entry, entries
from data.corpus import fetching, folders


def texts() -> Texts:
    """The folders, and each text."""
    *named, own = folders()
    places = [(folder, "RNN_LAB_DATA") for folder in named] + [(own, None)]
    return Texts(
        tuple(Place(str(folder), by, folder.is_dir()) for folder, by in places),
        tuple(_known(entry) for entry in entries() if entry.file is not None),
    )


def _known(entry: Entry) -> Known:
    if entry.path is None:
        return Known(entry.name, None, "not here", fetching(entry))
    problem = _problem(entry.path, entry.sha256)
    return Known(entry.name, str(entry.path), problem, fetching(entry) if problem else None)


def _problem(path: Path, sha256: str | None) -> str | None:
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return None if sha256 in (None, found) else "another text: its SHA-256 is not the one on record"
