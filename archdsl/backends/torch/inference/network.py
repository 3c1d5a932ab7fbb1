"""A network made ready for inference: a module whose weights are the source network's, and whose forward is an engine.

The module has the tree, the parameters and the `state_dict` of the plain one, so a trained checkpoint loads, and what
it saves loads anywhere. Engines are made from these weights through the passes' weight map, one for each batch size in
use, and made anew when weights, type or device change. What no engine is made for (training, gradients, no samples)
runs on the plain module, and so does what is watched layer by layer: through hooks of its layers, a trace, a dispatch
mode as counters of operations and memory have, a transform of `torch.func` or derivatives in forward mode. They see the
network as it is written.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.overrides import TorchFunctionMode

from archdsl.backends.runtimes.session import UnfitError
from archdsl.backends.torch.inference.allocation import in_huge_pages
from archdsl.backends.torch.inference.engines import Engine, Preparation
from archdsl.backends.torch.inference.inputs import checked, ordered
from archdsl.backends.torch.inference.last_call import LastCall
from archdsl.backends.torch.inference.recipe import Recipe, Setting, check_runtime, chosen
from archdsl.backends.torch.inference.watching import Changes, Held, Hooks, dispatches, shared_counters
from archdsl.backends.torch.loading import build_module
from archdsl.ir.graph import Graph
from archdsl.ir.text import parse_graph, print_graph

# Engines that are kept: one for each batch size, and each holds the weights in a layout of its own.
MOST_ENGINES = 4
# Calls on the plain module after which a further batch size gets an engine in place of the one not used for longest.
OFTEN = 32
# Sizes whose calls are counted.
MOST_WAITING = 1000

# What a copy finds out for itself.
_OF_ITS_OWN = (
    "_engines",
    "_recipes",
    "_prepared",
    "_counters",
    "_weight_changes",
    "_hooks",
    "_found",
    "_seen",
    "_last",
    "_held",
    "_swapped",
    "_waiting",
)

Choose = Callable[[Setting, "InferenceNetwork"], Recipe]


class InferenceNetwork(nn.Module):
    """The inference form of a network on the fastest kernels for its device, type and batch size.

    Attributes:
        runtime: `auto`, or the runtime that was asked for.
        notes: what the passes did, a line each.
    """

    def __init__(self, graph: Graph, plain: nn.Module, runtime: str = "auto", choose: Choose | None = None):
        """`choose` decides how to run for a setting, instead of the rule (`auto`) or the given runtime."""
        super().__init__()
        self._counters = shared_counters(plain)
        # Hidden from torch: its children are registered here, under the same names.
        self._plain = (plain,)
        for name, child in plain.named_children():
            self.add_module(name, child)
        self.runtime = runtime
        self._graph = graph
        self._choose = choose
        self._engines: OrderedDict[Setting, Engine] = OrderedDict()
        self._recipes: dict[Setting, Recipe] = {}
        self._prepared: Preparation | None = None
        self._weight_changes: Changes | None = None
        self._hooks: Hooks | None = None
        self._found: tuple[torch.device, torch.dtype] | None = None
        self._seen = 0
        self._last: LastCall | None = None
        self._held = Held(plain)
        self._swapped: Held | None = None
        self._waiting: dict[Setting, int] = {}
        self.requires_grad_(False)
        self.eval()

    def forward(self, *inputs: Tensor, **named: Tensor) -> Tensor | dict[str, Tensor]:
        """Compute the outputs: a tensor for one, else a dict by output name.

        Args:
            inputs: in the order of the file, [N, ...] each, on the module's device, floats in its type.
            named: those that are left, by name.

        Raises:
            TypeError, ValueError: naming the input that is missing, or of another kind, type, device or size.
        """
        if named:
            inputs = ordered(self._graph, inputs, named)
        last = self._last
        if last is not None and last.is_like(inputs) and self._is_unchanged():
            made = last.engine(inputs)
        else:
            setting = self._checked(inputs)
            engine = self._engine(setting) if self._is_for_engine(inputs, setting) else None
            if engine is None:
                return cast("Tensor | dict[str, Tensor]", self._plain[0](*inputs))
            made = engine(inputs)
            self._last = LastCall(engine, setting, inputs)
        if len(made) == 1:
            return made[0]
        return dict(zip(self._graph.outputs, made, strict=True))

    def prepare(self, batch_size: int = 1) -> Recipe:
        """Make the engine for a batch size now instead of in the first call; gives how it will run."""
        setting = self.setting(batch_size)
        if setting.device.type != "meta":
            self._made(setting)
        return self.recipe(batch_size)

    def recipe(self, batch_size: int = 1) -> Recipe:
        """How batches of this size are run."""
        setting = self.setting(batch_size)
        if setting not in self._recipes:
            decide = self._choose
            self._recipes[setting] = decide(setting, self) if decide else chosen(setting, self.runtime, self._graph)
        return self._recipes[setting]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the passes did, one line for each kind of change."""
        return self.preparation().optimized(self.recipe()).notes

    def source_state_dict(self) -> dict[str, Tensor]:
        """The weights in the source network's layout: `state_dict()` itself."""
        return dict(self.state_dict())

    def optimized_state_dict(self) -> dict[str, Tensor]:
        """The weights of the optimized graph, through the passes' weight map, by the keys of that graph."""
        weights = self.preparation().weights(self.recipe())
        return {key: torch.from_numpy(array) for key, array in weights.items()}

    def load_optimized_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take weights in the optimized graph's layout back into the source's, with which it computes the same.

        Raises:
            NoInverseError: if no weights of the source network make these.
        """
        from archdsl.backends.torch.inference.engines import as_array

        arrays = {key: as_array(tensor) for key, tensor in state.items()}
        base = {key: as_array(tensor) for key, tensor in self.state_dict().items()}
        found = self.preparation().optimized(self.recipe()).weights.backward(arrays, base)
        self.load_state_dict({key: torch.from_numpy(array) for key, array in found.items()})

    def preparation(self) -> Preparation:
        """The optimized graphs and their weights, as these are now."""
        self._notice_changes()
        if self._prepared is None:
            self._prepared = Preparation(self._graph, self.state_dict())
        return self._prepared

    def refresh(self) -> None:
        """Take the weights anew. Needed only after changes that torch does not count, such as through `.data`."""
        self._forget()
        self._hold()

    def train(self, mode: bool = True) -> InferenceNetwork:
        """In train mode the plain module runs, with gradients where they are asked for."""
        super().train(mode)
        self._plain[0].train(mode)
        return self

    def requires_grad_(self, requires_grad: bool = True) -> InferenceNetwork:
        """With gradients for its parameters, the plain module runs wherever torch records them."""
        super().requires_grad_(requires_grad)
        self._wants_gradients = requires_grad
        return self

    def _apply(self, fn: Any, recurse: bool = True) -> InferenceNetwork:
        device, dtype = self._place_and_type()
        probe = fn(torch.empty(0, dtype=dtype, device=device))
        if self.runtime != "auto":
            check_runtime(self.runtime, probe.device, probe.dtype)
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._forget()
        self._hold()
        return self

    def _is_unchanged(self) -> bool:
        """Whether a call that is like the last one may take its engine."""
        asks = self.training or self._wants_gradients or self._is_watched()
        if asks or self._changes() != self._seen or not self._held.is_same():
            return False
        if self._swapped is not None:  # to set an attribute of a module takes longer than to ask
            self._swapped = None
        return True

    def _forget(self) -> None:
        self._last = None
        self._engines = OrderedDict()
        self._recipes = {}
        self._prepared = self._weight_changes = self._hooks = self._found = None
        self._seen = 0
        self._waiting = {}

    def _engine(self, setting: Setting) -> Engine | None:
        """The engine for a call; None if others have the places and calls like this one are rare.

        With more batch sizes in turn than engines are kept, each call would make one and drop one.
        """
        self._notice_changes()
        if setting in self._engines or len(self._engines) < MOST_ENGINES:
            return self._made(setting)
        count = self._waiting[setting] = self._waiting.pop(setting, 0) + 1
        if count >= OFTEN:
            return self._made(setting)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.pop(next(iter(self._waiting)))
        return None

    def _made(self, setting: Setting) -> Engine:
        """The engine for a setting, made now if it is not there."""
        self._notice_changes()
        found = self._engines.get(setting)
        if found is None:
            self._waiting.pop(setting, None)
            found = self._engines[setting] = self._new_engine(setting)
            self._prepared = None  # its weights are in the engine; they need not be held twice
            while len(self._engines) > MOST_ENGINES:
                self._engines.popitem(last=False)
        self._engines.move_to_end(setting)
        return found

    def _new_engine(self, setting: Setting) -> Engine:
        """The engine of the chosen recipe; where `auto` chose a runtime that doesn't take this network, torch's."""
        try:
            return self.preparation().engine(self.recipe(setting.batch_size), setting)
        except UnfitError:
            if self.runtime != "auto":
                raise
        self._recipes[setting] = Recipe("torch")
        return self.preparation().engine(Recipe("torch"), setting)

    def _notice_changes(self) -> None:
        """Forget all that was made of weights which have changed since or been replaced; how to run stays decided."""
        if self._changes() != self._seen or not self._held.is_same():
            recipes = self._recipes
            self._forget()
            self._hold()
            self._recipes, self._seen = recipes, self._changes()

    def _changes(self) -> int:
        """A number that changes when torch changes a weight in place, and is never 0."""
        if self._weight_changes is None:
            self._weight_changes = Changes(self._counters, [*self.parameters(), *self.buffers()])
        return self._weight_changes.count()

    def setting(self, batch_size: int) -> Setting:
        """Device, type and threads as they are now, for batches of a size."""
        return Setting(*self._place_and_type(), batch_size, torch.get_num_threads())

    def _place_and_type(self) -> tuple[torch.device, torch.dtype]:
        """Where the weights are, and their floating-point type; looked up once."""
        if self._found is None:
            first = next(iter(self.parameters()), None)
            floats = (each.dtype for each in self.parameters() if each.is_floating_point())
            self._found = (torch.device("cpu") if first is None else first.device, next(floats, torch.float32))
        return self._found

    def _is_for_engine(self, inputs: Sequence[Tensor], setting: Setting) -> bool:
        gradients = (self._wants_gradients or any(x.requires_grad for x in inputs)) and torch.is_grad_enabled()
        without = self.training or gradients or setting.batch_size == 0 or setting.device.type == "meta"
        return not (without or self._is_watched() or any(map(dispatches, inputs)) or self._is_swapped())

    def _is_swapped(self) -> bool:
        """Whether layers hold other tensors than those that engines were made of, for this call at least.

        `torch.func.functional_call` puts tensors in for one call, and parametrizations take weights away. Tensors that
        are still there in the next call are taken as the network's.
        """
        if self._held.is_same():
            self._swapped = None
            return False
        now, before = Held(self._plain[0]), self._swapped
        self._swapped = now
        stayed = before is not None and before.is_same()
        return not (stayed and now.is_like(self._held) and not now.wants_gradients())

    def _hold(self) -> None:
        """Take the tensors that the layers hold now as the network's, unless weights have been taken away."""
        now = Held(self._plain[0])
        if now.is_like(self._held):
            self._held, self._swapped = now, None

    def _is_watched(self) -> bool:
        """Whether somebody follows the computation step by step."""
        if torch._C._len_torch_dispatch_stack() or torch._C._is_tracing() or torch.compiler.is_compiling():
            return True
        if torch._C._functorch.peek_interpreter_stack() is not None or forward_ad._current_level >= 0:
            return True
        if self._hooks is None:
            self._hooks = Hooks(list(self._plain[0].modules())[1:])
        return self._hooks.any()

    def _checked(self, inputs: Sequence[Tensor]) -> Setting:
        """The setting that the inputs stand for, once they are what was compiled for."""
        device, dtype = self._place_and_type()
        return Setting(device, dtype, checked(self._graph, inputs, device, dtype), torch.get_num_threads())

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles hold the weights and the graph as text; engines are made anew."""
        state = dict(self.__dict__)
        for name in _OF_ITS_OWN:
            del state[name]
        state["_graph"] = print_graph(self._graph)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._graph = parse_graph(state["_graph"])
        self._counters = shared_counters(self._plain[0])
        self._held, self._swapped = Held(self._plain[0]), None
        self._forget()


class _Undrawn(TorchFunctionMode):
    """Within it, new weights are left as memory has them."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init":  # torch.nn.init gives its arguments by name
            return given["tensor"]
        return args[0] if func in (Tensor.uniform_, Tensor.normal_) else func(*args, **given)


def inference_network(
    graph: Graph, runtime: str = "auto", choose: Choose | None = None, empty: bool = False
) -> InferenceNetwork:
    """A network with fresh weights, float32, on torch's default device.

    Args:
        graph: the inference form.
        runtime: `auto`, or the one to use.
        choose: decides instead of the rules.
        empty: draw no random numbers for weights that will be filled at once: that takes longer than to fill them.

    Raises:
        ValueError: for a runtime that doesn't exist or can't run there.
        MissingRuntimeError: for one that isn't installed.
    """
    with _Undrawn() if empty else nullcontext():
        plain = build_module(graph)
    if empty:
        for weight in plain.parameters():
            in_huge_pages(weight.data)
    network = InferenceNetwork(graph, plain.eval(), runtime, choose)
    return network.to(torch.float32)
