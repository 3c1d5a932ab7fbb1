"""What a lint is: a small class with a code, a reference, a number that it compares with a threshold, and an edit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import ClassVar, Literal

from archdsl.analysis.lints.subject import Subject
from archdsl.diagnostics.codes import CODES
from archdsl.ir.graph import Node

Quantity = Literal["mult_adds", "memory_access", "params"]


@dataclass(frozen=True, slots=True)
class Gain:
    """What an edit saves, counted exactly: the quantity of the steps concerned before and after it, batch of 1."""

    quantity: Quantity
    before: int
    after: int

    @property
    def saved(self) -> int:
        """By how much the quantity of the whole network falls."""
        return self.before - self.after


@dataclass(frozen=True, slots=True)
class Finding:
    """One place at which a rule's number passes its threshold.

    Attributes:
        node: the step to point at; None for an input of the network.
        number: what is compared with the thresholds; larger is worse.
        message: one sentence without a full stop, with the numbers in it.
        edit: what to write instead, a few words.
        gain: what the edit saves; None where it saves nothing that can be counted.
        facts: further lines.
        input: the input's name, where there is no step.
        about: the steps whose cost `gain` is of; by default the one to point at.
    """

    node: Node | None
    number: float
    message: str
    edit: str
    gain: Gain | None = None
    facts: tuple[str, ...] = ()
    input: str = ""
    about: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Rule(ABC):
    """Base class of all lints. Fields are settings, given as `--threshold` or in a configuration file.

    A rule finds what has a `number` above `threshold`; above `error` the finding is an error.

    Class attributes:
        code: key of the rule's page in `archdsl.diagnostics.codes`.
        short: another name for it on the command line (`G1`); empty for most.
        number: what the number is, a few words with its unit.
        claims: the quantity for which the rule predicts a gain; None if it claims none.
        form: the form of the network that is looked at. `training` contains what only training needs.
    """

    code: ClassVar[str]
    short: ClassVar[str] = ""
    number: ClassVar[str]
    claims: ClassVar[Quantity | None] = None
    form: ClassVar[Literal["inference", "training"]] = "inference"

    threshold: float = 0.0
    error: float = inf

    @property
    def enabled(self) -> bool:
        """Whether there is anything to look for with these settings."""
        return True

    @property
    def title(self) -> str:
        """The title of its code."""
        return CODES[self.code].title

    @property
    def reference(self) -> str:
        """Where the advice comes from."""
        return CODES[self.code].reference

    @abstractmethod
    def findings(self, subject: Subject) -> Iterator[Finding]:
        """What is found in a network, in the rule's form."""
        raise NotImplementedError
