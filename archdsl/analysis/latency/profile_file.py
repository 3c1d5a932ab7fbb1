"""Device profiles as files: JSON with a versioned schema, numbers only, checked when they are read."""

from __future__ import annotations

import json
from math import isfinite
from os import PathLike, getpid
from pathlib import Path
from typing import Any

from archdsl.analysis.latency.device import DeviceProfile
from archdsl.analysis.latency.forms import mode_of
from archdsl.analysis.latency.predictor import predictor_of

SCHEMA = "archdsl.device"
# Raised when a field changes its meaning or goes. Features of a predictor are compared by their names.
SCHEMA_VERSION = 1
# What a profile says of its making.
_MEASURED = ("device", "mode", "runtime", "clock", "dtype", "batch_size", "archdsl", "fit")
MOST_BYTES = 64 * 2**20


class ProfileError(ValueError):
    """A file that is no device profile, or not one for this; the message says what is wrong."""


def profile_text(profile: DeviceProfile) -> str:
    """The text of a profile's file."""
    head = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, **profile.summary()}
    predictor = None if profile.predictor is None else profile.predictor.to_dict()
    # One line for each list of numbers: readable heads, and files that aren't mostly line ends.
    return (
        json.dumps({**head, "predictor": _Short.shorten(predictor)}, indent=2).replace('"@[', "[").replace(']@"', "]")
    )


def write_profile(profile: DeviceProfile, path: str | PathLike[str]) -> None:
    """Write a profile to a file, whole or not at all.

    Raises:
        OSError: if it can't be written.
    """
    target = Path(path)
    part = target.with_name(f".{target.name}.{getpid()}")
    try:
        part.write_text(profile_text(profile), encoding="utf-8")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


class _Short:
    """Lists of numbers as one text each."""

    @staticmethod
    def shorten(found: Any) -> Any:
        """Plain data with its lists of numbers as texts between @[ and ]@."""
        if isinstance(found, dict):
            return {key: _Short.shorten(value) for key, value in found.items()}
        if isinstance(found, list) and all(isinstance(x, int | float) for x in found):
            return "@" + json.dumps([_Short.rounded(x) for x in found], separators=(",", ":")) + "@"
        return found

    @staticmethod
    def rounded(number: float) -> float:
        """Seven digits are more than was measured."""
        return number if isinstance(number, int) else float(f"{number:.7g}")


def read_profile(path: str | PathLike[str]) -> DeviceProfile:
    """Read a profile.

    A file that somebody wrote needs no more than `peak_flops` and `bandwidth`, and perhaps `name`; unknown keys are
    left alone.

    Raises:
        ProfileError: if it is something else, or of another version.
        OSError: if it can't be read.
    """
    path = Path(path)
    if path.stat().st_size > MOST_BYTES:
        raise ProfileError(f"{path}: larger than any profile")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ProfileError(f"{path}: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ProfileError(f'{path}: a JSON object is needed, {{"name": "...", "peak_flops": ..., "bandwidth": ...}}')
    _check_schema(found, path)
    name = found.get("name", path.stem)
    if not isinstance(name, str) or not name:
        raise ProfileError(f"{path}: `name` must be text")
    rates = (_rate(found, "peak_flops", path), _rate(found, "bandwidth", path))
    try:
        mode_of(found.get("mode", "plain"))
    except ValueError as error:
        raise ProfileError(f"{path}: {error}") from None
    predictor = None
    if found.get("predictor") is not None:
        try:
            predictor = predictor_of(found["predictor"])
        except (ValueError, TypeError, OverflowError) as error:
            raise ProfileError(f"{path}: `predictor`: {error}") from None
    return DeviceProfile(name, *rates, predictor, {key: found[key] for key in _MEASURED if key in found})


def _check_schema(found: dict[str, Any], path: Path) -> None:
    schema, version = found.get("schema", SCHEMA), found.get("schema_version", SCHEMA_VERSION)
    if schema != SCHEMA:
        raise ProfileError(f"{path}: this is a file of the schema {schema!r}, not {SCHEMA!r}")
    if version != SCHEMA_VERSION:
        hint = (
            "it comes from a newer archdsl" if isinstance(version, int) and version > SCHEMA_VERSION else "fit it again"
        )
        raise ProfileError(f"{path}: schema version {version!r} is not {SCHEMA_VERSION}: {hint}")


def _rate(found: dict[str, Any], key: str, path: Path) -> float:
    units = {"peak_flops": "floating-point operations a second", "bandwidth": "bytes a second"}
    value = found.get(key)
    try:
        rate = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
    except OverflowError:
        rate = 0.0
    if not (isfinite(rate) and rate > 0):
        raise ProfileError(f"{path}: `{key}` must be a number greater than 0, in {units[key]}")
    return rate
