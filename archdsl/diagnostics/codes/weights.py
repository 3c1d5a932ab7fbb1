"""Weights given from outside."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

WEIGHTS: dict[str, Code] = {
    "E1001": Code(
        "weights that cannot be used",
        "The weights given to `archdsl.compile` or `--weights` do not belong to this network: the file is no readable"
        " safetensors file, or its tensors differ in name or shape from those of the network.\n\n"
        "The names are the paths of the steps (`stem.conv2d.weight`): a step that is renamed renames its weights."
        " Weights that only the training form has may be left over; nothing else may. Pickled checkpoints are never"
        " opened, since opening one can run code.",
    ),
    "E1002": Code(
        "a network that cannot be made so",
        "The target cannot hold this network: it depends on the input's size where `--dynamic` was asked for, or it"
        " uses an operator that the target lacks. The message names the step.",
    ),
    "E1003": Code(
        "a checkpoint that cannot be used",
        "The file given to `archdsl weights` is missing, damaged, or holds more than tensors. Two kinds of files are"
        " read: safetensors, and what `torch.save` writes of a `state_dict()`, alone or under a key of a dictionary."
        "\n\n"
        "A whole module that was saved is a pickle that runs code when it is opened; it is refused. Load it where you"
        " trust it and save its `state_dict()`. Archives that claim to hold more than they do, and names that no"
        " module can have, are refused as well.",
    ),
    "E1004": Code(
        "tensors that are not those of the network",
        "The checkpoint has tensors for which the network has no step, lacks some that it needs, or has them in other"
        " shapes. The notes name the places where the two part, in the order of both files.\n\n"
        "Often a parameter of the spec differs (`--set num_classes=10`), or the checkpoint is that of another variant."
        " What belongs to no step, such as anchors or masks that are computed anew, is left out with `--ignore"
        " PATTERN`. Heads that only training has may be missing, all of them together.",
    ),
    "E1005": Code(
        "weights that can be mapped in several ways, or in none",
        "Shapes agree, but it does not follow which tensor belongs to which step: the modules named in the notes could"
        " change places, and the network would compute something else. Nothing is guessed.\n\n"
        "`--layout torchvision` or `--layout timm` relies on the order of the file, which is that of definition in"
        " files that `torch.save` wrote; safetensors files are sorted by name and have none. `--pin THEIRS=OURS` says"
        " which modules belong together, and a mapping file (`--layout FILE.json`) says it of all tensors. If no"
        " arrangement fits, the checkpoint's modules are divided otherwise than the network's steps; then only a"
        " mapping file helps.",
    ),
    "E1006": Code(
        "a mapping of names that does not fit",
        "`--layout` names neither a known layout nor a mapping file, or the mapping file is no JSON object from their"
        " names to ours, leaves tensors out, gives one of ours to two of theirs or joins tensors of different shapes;"
        " or a `--pin` names a module that is not there. `--save-map` writes a mapping file to begin with. For"
        " `--reverse`, some source of the other names is needed: the file of a conversion remembers them, others need"
        " `--like CHECKPOINT` or a mapping file.",
    ),
}
