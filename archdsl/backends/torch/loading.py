"""Generated text as living modules: the same text that `to_source` writes is compiled and executed."""

from __future__ import annotations

import hashlib
import linecache
import sys
import weakref
from types import ModuleType
from typing import Any

from torch import nn

from archdsl.backends.torch.source import to_source
from archdsl.ir.graph import Graph

# Texts that are in use; a text's classes are made once, so that copies and unpickled modules have the same class.
_loaded: weakref.WeakValueDictionary[str, ModuleType] = weakref.WeakValueDictionary()


def build_module(
    graph: Graph, training_graph: Graph | None = None, spec_hash: str = "", dynamic_size: bool = False
) -> nn.Module:
    """The network as a module, weights as torch starts them, in train mode like every new module.

    `forward` takes the inputs in order, [N, ...] each, and gives a tensor for one output, else a dict in declared
    order. Built under `torch.device("meta")` it has meta tensors only. It can be copied and pickled.

    Args:
        graph: the inference form.
        training_graph: the training form where it differs; `module.training` selects between the two. Its weights
            must contain those of `graph`.
        spec_hash: written into the head of the source.
        dynamic_size: don't check height and width of the inputs.

    Raises:
        ValueError: if the paths of weights don't form a tree, or one path stands for two different modules; from
            `forward`, if an input has another rank or size.
    """
    text = to_source(graph, training_graph, spec_hash, dynamic_size)
    module: nn.Module = _load(text, graph.name).build()
    return module


def source_of(module: nn.Module) -> str:
    """The text a module of `build_module` was made from.

    Raises:
        ValueError: if the module was not made by `build_module`.
    """
    text: str | None = getattr(type(module), "__archdsl_source__", None)
    if text is None:
        raise ValueError("the module was not made by archdsl")
    return text


def _load(text: str, name: str) -> ModuleType:
    """The namespace of a generated file, registered so that tracebacks show its lines."""
    found = _loaded.get(text)
    if found is not None:
        return found
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    filename = f"<archdsl {name or 'network'} {digest}>"
    module = ModuleType(f"archdsl_generated_{digest}")
    namespace = vars(module)
    exec(compile(text, filename, "exec", dont_inherit=True), namespace)
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    weakref.finalize(module, linecache.cache.pop, filename, None)
    for value in list(namespace.values()):
        if isinstance(value, type) and value.__module__ == module.__name__:
            value.__archdsl_source__ = text  # type: ignore[attr-defined]
            value.__reduce_ex__ = _reduce  # type: ignore[assignment,method-assign]
    namespace["__archdsl_module__"] = module  # functions hold the namespace, and so keep the module alive
    _loaded[text] = module
    _make_importable(module)
    return module


class _Borrowed(ModuleType):
    """Stands for a generated module among the imported ones without keeping it alive."""

    def __init__(self, module: ModuleType):
        super().__init__(module.__name__)
        self.__dict__["_of"] = weakref.ref(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_of"](), name)


def _make_importable(module: ModuleType) -> None:
    """Let it be imported by name as long as it lives: `torch.compile` does that where a larger network calls ours."""
    sys.modules[module.__name__] = _Borrowed(module)
    weakref.finalize(module, sys.modules.pop, module.__name__, None)


def _reduce(self: nn.Module, protocol: object) -> tuple[Any, ...]:
    """Copy and pickle by text: the generated classes can't be imported."""
    return _restore, (source_of(self), type(self).__name__), self.__dict__


def _restore(text: str, class_name: str) -> nn.Module:
    cls = getattr(_load(text, class_name), class_name)
    made: nn.Module = cls.__new__(cls)
    return made
