"""Settings in a file: TOML, a line for each flag, under its name with underscores."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.lab.errors import LabError, suggestion
from cli.lab.flags import BY_NAME, FLAGS
from cli.lab.presets import preset
from cli.lab.settings import NAMES, Settings, contradictions, effective, refuse, twice
from cli.lab.texts import Prepared, prepare

FORMAT = 4
_EXTRA = ("preset", "format", "sha256")  # keys that are no settings
_OPTIONAL = {flag.name for flag in FLAGS if flag.default is None} - {"clean", "tokens", "split"}
_WORDS: dict[str, dict[Any, str]] = {
    "clip": {None: "none"},
    "evaluate_every": {0: "never"},
}  # what TOML has no number for


def read(path: str) -> dict[str, Any]:
    """What a file of settings says, each checked; besides settings it may have `preset`, `format` and `sha256`.

    Raises LabError that names every key that is unknown, whose value will not do, or that contradicts another.
    """
    found = parse(Path(path))
    refuse(twice(found), path)
    return found


def parse(path: Path) -> dict[str, Any]:
    """The settings in a file; LabError as `read`, but for contradictions."""
    try:
        found = tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        raise LabError("there is no such file", str(path), "give a TOML file of settings") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LabError(f"it is not TOML ({_lower(error)})", str(path), "write lines like hidden = 128") from None
    problems = [p for name, value in found.items() if (p := _problem(name, value))]
    if problems:
        raise LabError(", ".join(problems), str(path), "rnn-lab train --help lists the settings")
    return {name: BY_NAME[name].kind.check(v) if name in BY_NAME else v for name, v in found.items()}


def _lower(error: Exception) -> str:
    message = " ".join(str(error).split()).replace(";", ",")
    return message[:1].lower() + message[1:]


def _problem(name: str, value: Any) -> str | None:
    if name == "format":
        return None if value == FORMAT else f"format is {value!r}, not {FORMAT}"
    if name in _EXTRA:
        return None if type(value) is str else f"{name} is {value!r}, not a text"
    if name not in BY_NAME:
        return suggestion(name, BY_NAME, "").replace("did", f"unknown key {name}, did") or f"unknown key {name}"
    try:
        BY_NAME[name].kind.check(value)
    except ValueError as error:
        said = str(error).removeprefix("it is ")
        return f"{name} is {said.replace('; ', ': ')}"
    return None


def written(settings: Settings) -> str:
    """The file that says all of a run's settings; what is not used is left out, and `read` understands the rest."""
    row = {name: _WORDS.get(name, {}).get(value, value) for name, value in settings.row().items()}
    lines = [f"{name} = {_toml(value)}" for name, value in row.items() if value is not None]
    return "\n".join([f"format = {FORMAT}", *lines, ""])


def settings_of(found: Mapping[str, Any], where: str) -> Settings:
    """Settings from what a run's own file says, which is complete but for what is not used."""
    missing = [name for name in NAMES if name not in found and name not in _OPTIONAL]
    if missing:
        raise LabError(f"without {', '.join(missing)}", where, "the file is damaged; train again")
    refuse(contradictions(effective(found)), where)
    given = {NAMES[name]: value for name, value in found.items() if name in NAMES}
    return Settings(**{"epochs": None, **given})


def _toml(value: Any) -> str:
    if isinstance(value, str):  # a string of JSON is one of TOML, but for one sign that TOML wants escaped
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)


def prepared(given: Mapping[str, Any], file: Mapping[str, Any], name: str | None) -> tuple[Settings, Prepared]:
    """Settings from flags, a file and a preset, each before the next; and the text that they name, cut as they say.

    LabError for what does not go together, or if the file was made for another text than the one found now.
    """
    own = {key: value for key, value in file.items() if key not in _EXTRA}
    s = effective(preset(name or file.get("preset")), own, given)
    refuse(contradictions(s), "rnn-lab train")
    text = prepare(s["corpus"], clean=s["clean"], tokens=s["tokens"], fraction=s["split"], first=s["first"])
    if "sha256" in file and "corpus" not in given and file["sha256"] != text.corpus.sha256:
        what = f"the text {s['corpus']} is not the one that the settings were written for"
        raise LabError(what, "--config", "bring it back, or take the line with sha256 out of the file")
    about = text.corpus
    found = {"corpus": text.origin, "clean": about.cleaning, "tokens": about.tokens, "split": text.fraction}
    row = s | found | {"sha256": about.sha256}
    return Settings(**{NAMES[key]: value for key, value in row.items()}), text
