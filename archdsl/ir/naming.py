"""From paths of steps to names of modules and weights: the keys of `state_dict`, ONNX initializers and cost tables.

`features/stage[0]/feature[1]` becomes `features.stage.0.feature.1`. Labels that Python or torch.nn can't take as an
attribute are written differently; two paths never get the same name:

- an identifier that is taken (`type`, `forward`, `class`) or that ends in an underscore gets one more underscore,
- a number, the label of an option, becomes `option_5`, `option_minus_1`, `option_0_5`,
- anything else becomes `option_x`, letters and digits kept and the rest by its code between two `x`.
"""

from __future__ import annotations

import keyword
import re
from functools import lru_cache

_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SEGMENT = re.compile(r"(?P<label>.*?)(?P<indices>(\[\d+\])*)", re.DOTALL)

# Attributes of torch.nn.Module, ModuleList and ModuleDict; a test holds them against torch.
_TORCH = """
    T_destination add_module append apply bfloat16 buffers call_super_init children clear compile cpu cuda double
    dump_patches eval extend extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half
    insert ipu items keys load_state_dict modules mtia named_buffers named_children named_modules named_parameters
    parameters pop register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty
    train training type update values xpu zero_grad
"""
TAKEN = frozenset(_TORCH.split())


def module_path(path: str) -> str:
    """Name of the module at a step's path, dotted as in `named_modules`; empty for the root."""
    return ".".join([str(part) for part in module_parts(path)])


def state_key(path: str, weight: str) -> str:
    """Key in `state_dict` of the weight with this name at a step's path."""
    prefix = module_path(path)
    return f"{prefix}.{weight}" if prefix else weight


def module_parts(path: str) -> tuple[str | int, ...]:
    """Attribute names and list indices that lead from the root module to the module at a step's path."""
    return tuple([part for segment in path.split("/") for part in _segment_parts(segment)]) if path else ()


@lru_cache(maxsize=1 << 14)
def _segment_parts(segment: str) -> tuple[str | int, ...]:
    match = _SEGMENT.fullmatch(segment)
    assert match is not None  # the pattern takes any text
    indices = [int(index) for index in re.findall(r"\d+", match["indices"])]
    return (attribute_name(match["label"]), *indices)


@lru_cache(maxsize=1 << 14)
def attribute_name(label: str) -> str:
    """The label as an attribute of a module; different labels give different names."""
    if _NUMBER.fullmatch(label):
        return "option_" + label.replace("-", "minus_").replace(".", "_")
    if not _IDENTIFIER.fullmatch(label) or label.startswith("_"):
        kept = [c if c.isascii() and c.isalnum() and c != "x" else f"x{ord(c):x}x" for c in label]
        return "option_x" + "".join(kept)
    taken = label in TAKEN or keyword.iskeyword(label) or label.startswith(("option_", "forward_"))
    return label + "_" if taken or label.endswith("_") else label
