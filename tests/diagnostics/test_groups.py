"""The groups of codes are parts of one table."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from archdsl.diagnostics import codes
from archdsl.diagnostics.codes import CODES, Code


def test_no_code_is_given_to_two_mistakes() -> None:
    seen: list[str] = []
    for module in iter_modules(codes.__path__):
        for value in vars(import_module(f"{codes.__name__}.{module.name}")).values():
            if isinstance(value, dict) and value and all(isinstance(v, Code) for v in value.values()):
                seen.extend(value)
    assert len(seen) == len(set(seen))
    assert set(seen) == set(CODES)
