"""How an operator becomes PyTorch, as data: a small expression tree that every torch backend prints.

An operator returns this data and never text, so that the module, the generated source and the exported program come
from one statement, and so that the source generator can hoist the numbers in which two instances of a cell differ
into constructor parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Constant: TypeAlias = "bool | int | float | str | tuple[Constant, ...] | None"
Expr: TypeAlias = "Operand | Literal | Module | Training | Call | Method | Infix | Item | Items | Range"


@dataclass(frozen=True, slots=True)
class Operand:
    """The operand with this position."""

    index: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. `hint` names it if it becomes a constructor parameter; without a hint it is always written out."""

    value: Constant
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Module:
    """The leaf module that holds the weights (to be called)."""


@dataclass(frozen=True, slots=True)
class Training:
    """`self.training`."""


@dataclass(frozen=True, slots=True)
class Call:
    """`function(*args, **kwargs)`; function is a dotted torch name, `support.NAME`, or the leaf module."""

    function: str | Module
    args: tuple[Expr, ...] = ()
    kwargs: tuple[tuple[str, Expr], ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """`target.name(*args, **kwargs)`."""

    target: Expr
    name: str
    args: tuple[Expr, ...] = ()
    kwargs: tuple[tuple[str, Expr], ...] = ()


@dataclass(frozen=True, slots=True)
class Infix:
    """`left symbol right`, symbols + - * / only."""

    symbol: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Range:
    """A slice `start:stop:step` inside an `Item`."""

    start: int | None = None
    stop: int | None = None
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """`target[index, ...]`."""

    target: Expr
    index: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list `[a, b, ...]`, for functions that read several tensors at once."""

    members: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class LeafModule:
    """A torch module that holds an operator's weights.

    Attributes:
        type: `nn.Conv2d`, or `support.NAME` for one of ours; its parameters and buffers bear the names of the
            operator's `WeightSpec`s.
        kwargs: constructor arguments.
        inits: (function of torch.nn.init without the trailing underscore, name of the weight, further arguments),
            applied after construction, in order.
    """

    type: str
    kwargs: tuple[tuple[str, Literal], ...] = ()
    inits: tuple[tuple[str, str, tuple[Constant, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class TorchLowering:
    """One node in PyTorch.

    Attributes:
        result: the expression; for an operator with several outputs it gives a tuple or list of them.
        leaf: the module with the weights, if there are any.
    """

    result: Expr
    leaf: LeafModule | None = None


def call(function: str | Module, *args: Expr, **kwargs: Expr | Constant) -> Call:
    """A call whose plain keyword values become literals, hoistable under their own name."""
    named = tuple((k, v if isinstance(v, _EXPRESSIONS) else Literal(v, k)) for k, v in kwargs.items())
    return Call(function, args, named)


def method(target: Expr, name: str, *args: Expr | Constant, **kwargs: Expr | Constant) -> Method:
    """A method call; plain positional values are written out, plain keyword values are hoistable."""
    positional = tuple(a if isinstance(a, _EXPRESSIONS) else Literal(a) for a in args)
    named = tuple((k, v if isinstance(v, _EXPRESSIONS) else Literal(v, k)) for k, v in kwargs.items())
    return Method(target, name, positional, named)


def leaf(type: str, inits: tuple[tuple[str, str, tuple[Constant, ...]], ...] = (), **kwargs: Constant) -> LeafModule:
    """A leaf module whose constructor arguments are hoistable under their own names."""
    return LeafModule(type, tuple((k, Literal(v, k)) for k, v in kwargs.items()), inits)


X = Operand(0)

_EXPRESSIONS = (Operand, Literal, Module, Training, Call, Method, Infix, Item, Items, Range)
