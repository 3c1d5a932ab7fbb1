"""Networks read from other formats."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

IMPORTING: dict[str, Code] = {
    "E1101": Code(
        "an operator that cannot be imported",
        "The imported network uses an operator, or a form of one, that the language has no counterpart for. The message"
        " names the operator and the node; all of them are reported in one run, and nothing is written.\n\n"
        "Dimension 0 of every value is the batch and stays in place: what moves it, splits it or mixes its samples"
        " cannot be expressed. Control flow, random numbers and operators of other domains cannot either. Export the"
        " network in its inference form, without pre- and post-processing.",
    ),
    "E1102": Code(
        "a file that cannot be imported",
        "The file is no ONNX model and no exported program (.pt2), or it is damaged or incomplete: weights are missing,"
        " values are read that nothing makes, sizes contradict each other. Exported programs are read without opening"
        " pickled parts, so weights that are stored as pickles are refused, too.",
    ),
    "E1103": Code(
        "an input whose shape is not known",
        "Shapes of a spec are numbers; only the batch, the first dimension, may be open in an imported network. Give"
        " the shape of one sample with `--input NAME=CxHxW`. Inputs are of float32 or int64.",
    ),
}
