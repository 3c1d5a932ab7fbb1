"""From Python's syntax tree to closures: what is on the whitelist becomes one, everything else is refused.

A compiled expression is a function from a `Run` to a value. Chains of one precedence (`a + b - c`) become a loop, so
that only true nesting costs depth.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final, NoReturn

from archdsl.diagnostics.suggest import nearest
from archdsl.spec.expressions import operations as op
from archdsl.spec.expressions.closures import (
    Apply,
    Code,
    Loop,
    Place,
    binary,
    chained,
    loop,
    nothing,
    place,
    placed,
    read,
)
from archdsl.spec.expressions.environment import Run
from archdsl.spec.expressions.errors import ExpressionError
from archdsl.spec.expressions.functions import FUNCTIONS
from archdsl.spec.expressions.reserved import RESERVED
from archdsl.spec.expressions.values import WORDS, Word, bounded

DEPTH_LIMIT: Final = 80

_BINARY: Final[dict[type[ast.operator], Apply]] = {
    ast.Add: op.add,
    ast.Sub: op.subtract,
    ast.Mult: op.multiply,
    ast.Div: op.divide,
    ast.FloorDiv: op.floor_divide,
    ast.Mod: op.modulo,
    ast.Pow: op.power,
}
_COMPARE: Final[dict[type[ast.cmpop], Callable[[Run, object, object], bool]]] = {
    ast.Lt: lambda run, a, b: op.less(a, b, "<"),
    ast.Gt: lambda run, a, b: op.less(b, a, ">"),
    ast.LtE: lambda run, a, b: op.at_most(a, b, "<="),
    ast.GtE: lambda run, a, b: op.at_most(b, a, ">="),
    ast.Eq: op.equal,
    ast.NotEq: lambda run, a, b: not op.equal(run, a, b),
    ast.In: lambda run, a, b: op.contains(run, b, a),
    ast.NotIn: lambda run, a, b: not op.contains(run, b, a),
}
_REFUSED: Final[dict[type[ast.expr], tuple[str, str]]] = {
    ast.Tuple: ("values in a row need brackets", "[a, b]"),
    ast.GeneratorExp: ("a comprehension is written with [ ]", "sum([x for x in list])"),
    ast.Lambda: ("`lambda` is not part of the language", ""),
    ast.Starred: ("`*` in front of a value is not part of the language", "join lists with `+`"),
    ast.NamedExpr: ("`:=` is not part of the language", ""),
    ast.Await: ("`await` is not part of the language", ""),
    ast.Yield: ("`yield` is not part of the language", ""),
    ast.YieldFrom: ("`yield` is not part of the language", ""),
    ast.Slice: ("`:` stands in a slice only", ""),
}


class Compiler:
    """Compiles one expression and collects what it reads.

    Attributes:
        names: names that the environment must give.
        variables: variables of comprehensions, with their places.
    """

    def __init__(self, text: str):
        self.text = text
        self.names: set[str] = set()
        self.variables: dict[str, Place] = {}
        self._local: list[str] = []
        self._depth = 0

    def compile(self, node: ast.expr) -> Code:
        """The closure of a syntax node.

        Raises:
            ExpressionError: if the node or one inside it is not on the whitelist.
        """
        handler = _HANDLERS.get(type(node))
        if handler is None:
            message, hint = _REFUSED.get(type(node), ("this is not part of the language", ""))
            self.refuse(node, message, hint)
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            self.refuse(node, "the expression is nested too deeply", f"at most {DEPTH_LIMIT} levels", "E0906")
        code = handler(self, node)
        self._depth -= 1
        return code

    def refuse(self, node: ast.AST, message: str, hint: str = "", code: str = "E0402") -> NoReturn:
        """Raise an ExpressionError at a node."""
        raise ExpressionError(code, message, hint).placed(*place(node))

    def constant(self, node: ast.Constant) -> Code:
        """A number; Python's own constants are refused."""
        value = node.value
        if isinstance(value, bool) or value is None:
            self.refuse(node, f"`{value}` is Python's", f"write `{str(value).lower()}`" if value is not None else "")
        if not isinstance(value, int | float):
            self.refuse(node, "this is not part of the language")
        try:
            bounded(value)
        except ExpressionError as error:
            raise error.placed(*place(node)) from None
        return lambda run: value

    def name(self, node: ast.Name) -> Code:
        """A word, a comprehension's variable, or a name of the environment."""
        name = node.id
        if name in self._local:
            return lambda run: run.locals[name]
        if name in ("true", "false"):
            truth = name == "true"
            return lambda run: truth
        if name in WORDS:
            word = Word(name)
            return lambda run: word
        if name in FUNCTIONS:
            self.refuse(node, f"`{name}` is a function", FUNCTIONS[name].signature)
        self.names.add(name)
        return read(name, place(node))

    def members(self, node: ast.List) -> Code:
        """`[a, b]`."""
        members = [self.compile(member) for member in node.elts]
        return placed(node, lambda run: op.new_list(run, [member(run) for member in members]))

    def chain(self, node: ast.BinOp) -> Code:
        """Binary operators; the left spine of the tree is one loop."""
        spine: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp):
            spine.append(first)
            first = first.left
        start = self.compile(first)
        steps = []
        for part in reversed(spine):
            if type(part.op) not in _BINARY:
                self.refuse(part, "this operator is not part of the language", "+ - * / // % **")
            steps.append((_BINARY[type(part.op)], self.compile(part.right), place(part)))
        if len(steps) == 1:
            return binary(start, *steps[0])
        return chained(start, steps)

    def unary(self, node: ast.UnaryOp) -> Code:
        """`-a`, `+a`, `not a`."""
        if isinstance(node.op, ast.USub | ast.UAdd):
            sign = op.negative if isinstance(node.op, ast.USub) else op.positive
            operand = self.compile(node.operand)
            return placed(node, lambda run: sign(operand(run)))
        if not isinstance(node.op, ast.Not):
            self.refuse(node, "`~` is not part of the language", "not")
        condition = self.condition(node.operand, "the operand of `not`")
        return lambda run: not condition(run)

    def condition(self, node: ast.expr, where: str) -> Code:
        """A closure that gives true or false, or refuses."""
        code = self.compile(node)
        return placed(node, lambda run: op.truth(code(run), where))

    def logic(self, node: ast.BoolOp) -> Code:
        """`a and b`, `a or b`: evaluates only what it needs."""
        word = "and" if isinstance(node.op, ast.And) else "or"
        stop = word == "or"
        operands = [self.condition(value, f"an operand of `{word}`") for value in node.values]

        def run_logic(run: Run) -> object:
            for operand in operands:
                if operand(run) is stop:
                    return stop
            return not stop

        return run_logic

    def compare(self, node: ast.Compare) -> Code:
        """`a < b <= c`: evaluates only what it needs."""
        for operator in node.ops:
            if type(operator) not in _COMPARE:
                self.refuse(node, "`is` is not part of the language", "write `==` or `!=`")
        first = self.compile(node.left)
        rights = zip(node.ops, node.comparators, strict=True)
        steps = [(_COMPARE[type(operator)], self.compile(right)) for operator, right in rights]

        def run_compare(run: Run) -> object:
            left = first(run)
            for holds, code in steps:
                right = code(run)
                if not holds(run, left, right):
                    return False
                left = right
            return True

        return placed(node, run_compare)

    def conditional(self, node: ast.IfExp) -> Code:
        """`a if c else b`: evaluates one of the two."""
        condition = self.condition(node.test, "the condition of `if`")
        then, otherwise = self.compile(node.body), self.compile(node.orelse)
        return lambda run: then(run) if condition(run) else otherwise(run)

    def subscript(self, node: ast.Subscript) -> Code:
        """`a[i]`, `a[i:j:k]`."""
        value = self.compile(node.value)
        if isinstance(node.slice, ast.Tuple):
            self.refuse(node.slice, "a list has one position", "a list in a list: `[i][j]`")
        if not isinstance(node.slice, ast.Slice):
            index = self.compile(node.slice)
            return placed(node, lambda run: op.item(value(run), index(run)))
        bounds = (node.slice.lower, node.slice.upper, node.slice.step)
        start, stop, step = [self.compile(b) if b is not None else nothing for b in bounds]
        return placed(node, lambda run: op.part(run, value(run), start(run), stop(run), step(run)))

    def attribute(self, node: ast.Attribute) -> Code:
        """`.channels`, `.height`, `.width`, `.shape`."""
        name = node.attr
        if name not in op.ATTRIBUTES:
            close = nearest(name, op.ATTRIBUTES)
            hint = f"did you mean `.{close}`?" if close else ".channels .height .width .shape"
            self.refuse(node, f"there is no `.{name}`", hint)
        value = self.compile(node.value)
        return placed(node, lambda run: op.attribute(value(run), name))

    def call(self, node: ast.Call) -> Code:
        """A call of one of the functions."""
        if not isinstance(node.func, ast.Name):
            self.refuse(node, "only functions can be called", " ".join(FUNCTIONS))
        function = FUNCTIONS.get(node.func.id)
        if function is None:
            close = nearest(node.func.id, FUNCTIONS)
            hint = f"did you mean `{close}`?" if close else "functions: " + " ".join(FUNCTIONS)
            self.refuse(node.func, f"`{node.func.id}` is no function", hint)
        if node.keywords:
            self.refuse(node.keywords[0], "functions take no named values", function.signature)
        if not function.least <= len(node.args) <= function.most:
            message = f"`{node.func.id}` does not take {len(node.args)} values"
            self.refuse(node, message, function.signature, "E0403")
        arguments = [self.compile(argument) for argument in node.args]
        apply = function.apply
        return placed(node, lambda run: apply(run, [argument(run) for argument in arguments]))

    def comprehension(self, node: ast.ListComp) -> Code:
        """`[e for a in list if c]`, with one `for` or more."""
        outer = len(self._local)
        loops: list[Loop] = []
        for part in node.generators:
            if part.is_async:
                self.refuse(node, "`async` is not part of the language")
            source = self.compile(part.iter)
            name = self.variable(part.target)
            filters = [self.condition(test, "the condition of `if`") for test in part.ifs]
            loops.append(Loop(name, source, filters, place(part.iter)))
        element = self.compile(node.elt)
        del self._local[outer:]
        cost = sum(1 for _ in ast.walk(node))

        def run_comprehension(run: Run) -> object:
            made: list[object] = []
            loop(run, loops, 0, element, made, cost)
            return op.new_list(run, made)

        return placed(node, run_comprehension)

    def variable(self, node: ast.expr) -> str:
        """Bring a comprehension's variable into scope."""
        if not isinstance(node, ast.Name):
            self.refuse(node, "a comprehension has one variable", "[... for x in list]")
        if node.id in RESERVED:
            self.refuse(node, f"`{node.id}` is a reserved word", "choose another name", "E0112")
        if node.id in self._local:
            self.refuse(node, f"`{node.id}` is the name of an outer variable", "choose another name", "E0203")
        self._local.append(node.id)
        self.variables[node.id] = place(node)
        return node.id


_HANDLERS: Final[dict[type[ast.expr], Callable[..., Code]]] = {
    ast.Constant: Compiler.constant,
    ast.Name: Compiler.name,
    ast.List: Compiler.members,
    ast.BinOp: Compiler.chain,
    ast.UnaryOp: Compiler.unary,
    ast.BoolOp: Compiler.logic,
    ast.Compare: Compiler.compare,
    ast.IfExp: Compiler.conditional,
    ast.Subscript: Compiler.subscript,
    ast.Attribute: Compiler.attribute,
    ast.Call: Compiler.call,
    ast.ListComp: Compiler.comprehension,
}
