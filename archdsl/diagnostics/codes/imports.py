"""Imports."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

IMPORTS: dict[str, Code] = {
    "E0801": Code(
        "an import is not found",
        "There is no such file. A path that begins with `./` is looked for in the folder of the importing "
        "file and below it, any other in the library. The ending is left out.",
        """\
import: {cells/convolution: [conv_bn]}
""",
        """\
import: {cells/conv: [conv_bn]}
""",
    ),
    "E0802": Code(
        "the imported file has no such cell",
        "The file is there, but defines no cell of this name. Only a file's own cells can be imported from "
        "it, not those that it imports itself.",
        """\
import: {cells/conv: [conv_batchnorm]}
""",
        """\
import: {cells/conv: [conv_bn]}
""",
    ),
    "E0803": Code(
        "imports in a circle",
        "A file imports itself, directly or by way of others. Move what both need into a third file.",
    ),
    "E0804": Code(
        "an import leads out of its folder",
        "Imports stay within the folder of the importing file, or within the library: no `..`, no absolute "
        "path, no URL, no symbolic link that leads out. So a folder of specs can be moved and trusted as a "
        "whole.",
        """\
import: {../shared/conv: [conv_bn]}
""",
        """\
import: {./shared/conv: [conv_bn]}
""",
    ),
    "E0805": Code(
        "a cell is imported or defined twice",
        "Each cell has one name and one origin in a file. Rename the file's own cell, or leave one of the imports out.",
        """\
import: {cells/conv: [conv_bn], ./mine: [conv_bn]}
""",
        """\
import: {cells/conv: [conv_bn]}
""",
    ),
}
