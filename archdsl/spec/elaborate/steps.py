"""Bodies and steps: chaining, loops, branches, choices, names (rules 1 to 10 and 12 to 14)."""

from __future__ import annotations

from archdsl.ir.graph import Value
from archdsl.ops.registry import identity
from archdsl.spec.elaborate.calls import call, mark_read, reads
from archdsl.spec.elaborate.decisions import Decision
from archdsl.spec.elaborate.loops import columns, extend, start
from archdsl.spec.elaborate.messages import show
from archdsl.spec.elaborate.run import Reported, Run
from archdsl.spec.elaborate.scopes import ABSENT, Absent, Context, Data, Names, contains_poison, handed_on, join
from archdsl.spec.elaborate.values import evaluate, truth
from archdsl.spec.expressions import POISON
from archdsl.spec.syntax.model import Body, Branches, Call, ChooseBody, Do, Label, Name, Step, Unread


def run_body(run: Run, body: Body, ctx: Context, arguments: list[Data]) -> list[Data]:
    """The steps in order; gives the result of the last one that is there."""
    current = arguments
    for step in body.steps:
        current = run_step(run, step, ctx, current)
    return current


def run_step(run: Run, step: Step, ctx: Context, current: list[Data]) -> list[Data]:
    """One step: `if`, `from`, loop, `share`/`tie`, head, `name`, in this order (rule 3)."""
    run.count_step(step, ctx)
    decisions = join(ctx.decisions, step.label)
    if step.condition is not None:
        present = _present(run, step, ctx, decisions)
        if present is None:
            return _guess(run, step, ctx, current, decisions)
        if not present:
            for name in (*step.names, *(made for made, _ in step.collect)):
                _bind(run, name, ABSENT, ctx)
            return current
    return _present_step(run, step, ctx, current, decisions)


def _present_step(run: Run, step: Step, ctx: Context, current: list[Data], decisions: str) -> list[Data]:
    if step.reads is not None:
        current = _arguments(run, step, ctx, decisions)
        if not isinstance(step.head, Call):
            mark_read(ctx.frame, current)
    try:
        result = _rounds(run, step, ctx, current, decisions)
    except Reported:
        result = [POISON]
    if ctx.frame.tracks_reads:
        result = handed_on(current, result, lambda tensor: _other(run, step, ctx, tensor))
    if step.broken or isinstance(step.head, Unread):
        result = [POISON]
        for made, _ in step.collect:
            ctx.local.table.setdefault(made.text, POISON)
    if step.names:
        _bind_names(run, step, result, ctx)
    return result


def _other(run: Run, step: Step, ctx: Context, tensor: Value) -> Value:
    """The tensor as what the step gives; the network has no node for that in the end."""
    mark_read(ctx.frame, [tensor])
    return run.add(identity(), [tensor], ctx, step.span)[0]


def _present(run: Run, step: Step, ctx: Context, decisions: str) -> bool | None:
    """Whether the step is there; None if its condition failed."""
    assert step.condition is not None
    try:
        return truth(run, step.condition, ctx, f"{decisions}/if", "`if`")
    except Reported:
        return None


def _guess(run: Run, step: Step, ctx: Context, current: list[Data], decisions: str) -> list[Data]:
    """A step of which is not known whether it is there: its own mistakes are found all the same.

    What follows it can be looked at only if the step changes no type.
    """
    run.guessing += 1
    result = _present_step(run, step, ctx, current, decisions)
    run.guessing -= 1
    same = len(result) == len(current) and all(_types(a) == _types(b) for a, b in zip(result, current, strict=True))
    return result if same else [POISON]


def _types(data: Data) -> object:
    if isinstance(data, list):
        return [_types(item) for item in data]
    return data.type if isinstance(data, Value) else data


def _arguments(run: Run, step: Step, ctx: Context, decisions: str) -> list[Data]:
    assert step.reads is not None
    found: list[Data] = []
    for i, written in enumerate(step.reads.arguments):
        hole = f"{decisions}/from" if step.reads.single else f"{decisions}/from[{i}]"
        try:
            value = evaluate(run, written, ctx, hole)
        except Reported:
            value = POISON
        if not isinstance(value, list | Value) and value is not POISON:
            run.fail("E0208", f"steps read tensors and lists of them, not {show(value)}", written.span, ctx)
            value = POISON
        found.append(value)
    return found


# Loops.


def _rounds(run: Run, step: Step, ctx: Context, arguments: list[Data], decisions: str) -> list[Data]:
    weights = join(ctx.weights, step.label)
    tied, shared = ctx.tied, ctx.shared
    key = step.share or step.tie
    walked = decisions
    if key is not None:
        _check_key(run, key, ctx)
        decisions, tied = join(ctx.frame.decisions, key.text), True
    if step.share is not None:
        weights = shared = join(ctx.frame.scope.path, step.share.text)
    if step.loop is None and step.repeat is None:
        return _head(run, step, Context(ctx.frame, ctx.local, weights, decisions, ctx.rounds, tied, shared), arguments)
    values, count = columns(run, step, ctx, walked)
    tied = tied or step.repeat is not None
    collected: list[list[Data]] = [[] for _ in step.collect]
    watch = run.memory.watch(step, ctx) if run.memory is not None and step.loop is None else None
    current = arguments
    for i in range(count):
        names = start(step, ctx, values, collected, i)
        path = weights if step.share is not None else f"{weights}[{i}]"
        decided = decisions if key is not None or step.loop is None else f"{decisions}[{i}]"
        inner = Context(ctx.frame, names, path, decided, (*ctx.rounds, (i + 1, count)), tied, shared)
        if i > 0 and isinstance(step.head, Call) and len(current) != len(arguments):
            _check_handed_on(run, step.head, inner, len(arguments), current)
        current = _head(run, step, inner, current)
        extend(step, inner, collected)
        if watch is not None and watch.settled(current, count - i - 1):
            break
    for (made, _), members in zip(step.collect, collected, strict=True):
        _bind(run, made, members, ctx)
    return current


def _check_handed_on(run: Run, head: Call, ctx: Context, read: int, current: list[Data]) -> None:
    """A repeated call reads what the round before gave.

    Raises:
        Reported: if it can't.
    """
    target = run.callable(head.name, head.span, ctx).target
    if reads(target) in (None, 0, len(current)) or contains_poison(current):
        return
    message = f"`{head.name}` reads {read} and gives {len(current)}, so that the next round can't read the round before"
    raise run.fail("E0504", message, head.span, ctx, "a repeated step gives as many values as it reads")


def _check_key(run: Run, key: Name, ctx: Context) -> None:
    if ctx.local.find(key.text) is not None:
        message = f"the key `{key.text}` equals a visible name"
        run.fail("E0704", message, key.span, ctx, "keys are literal words, not values")


# Heads.


def _head(run: Run, step: Step, ctx: Context, arguments: list[Data]) -> list[Data]:
    head = step.head
    if isinstance(head, Unread):
        raise Reported
    if isinstance(head, Call):
        return call(run, head, ctx, arguments, step.reads is not None)
    if ctx.shared and ctx.shared == ctx.weights and run.shares.setdefault(ctx.weights, head) is not head:
        key = step.share.text if step.share is not None else step.label
        raise run.fail("E0701", f"the steps that share `{key}` differ", head.span, ctx, "share a cell")
    if isinstance(head, Do):
        # A round has its own names already.
        names = ctx.local if step.loop is not None or step.repeat is not None else Names(ctx.local)
        return run_body(run, head.body, ctx.inner(names, ctx.weights, ctx.decisions), arguments)
    if isinstance(head, Branches):
        return _branches(run, head, ctx, arguments)
    return _choose(run, head, ctx, arguments)


def _branches(run: Run, head: Branches, ctx: Context, arguments: list[Data]) -> list[Data]:
    results: list[Data] = []
    for i, body in enumerate(head.bodies):
        inner = ctx.inner(Names(ctx.local), f"{ctx.weights}[{i}]", f"{ctx.decisions}[{i}]")
        results.extend(run_body(run, body, inner, arguments))
    return results


def _choose(run: Run, head: ChooseBody, ctx: Context, arguments: list[Data]) -> list[Data]:
    labels: list[Label] = [key.value for key, _ in head.options if key.value is not None]
    position = 0
    if len(labels) > 1:
        position = run.decide(Decision(ctx.decisions, tuple(labels)), head, ctx)[0]
    key, body = head.options[position]
    inner = ctx.inner(Names(ctx.local), join(ctx.weights, key.text), join(ctx.decisions, key.text))
    return run_body(run, body, inner, arguments)


# Names.


def _bind_names(run: Run, step: Step, result: list[Data], ctx: Context) -> None:
    values: list[Data]
    if not step.names_listed:
        values = [result[0] if len(result) == 1 else list(result)]
    elif len(result) == len(step.names):
        values = result
    elif contains_poison(result):
        values = [POISON] * len(step.names)
    elif len(result) == 1 and isinstance(result[0], list) and len(result[0]) == len(step.names):
        values = result[0]
    else:
        given = len(result[0]) if len(result) == 1 and isinstance(result[0], list) else len(result)
        message = f"the step gives {given} {'value' if given == 1 else 'values'} for {len(step.names)} names"
        run.fail("E0209", message, step.names[0].span, ctx)
        values = [POISON] * len(step.names)
    for name, value in zip(step.names, values, strict=True):
        _bind(run, name, value, ctx)


def _bind(run: Run, name: Name, value: Data | Absent, ctx: Context) -> None:
    known = ctx.local.find(name.text)
    if known is POISON and name.text in ctx.local.table:
        return  # one of two steps with opposite conditions failed, and that is reported
    if known is not None and not (known is ABSENT and name.text in ctx.local.table):
        if value is ABSENT:
            return
        run.fail("E0203", f"the name `{name.text}` is given twice", name.span, ctx, "choose another name")
        return
    ctx.local.table[name.text] = value
    if isinstance(value, Value) and not value.name:
        value.name = name.text
