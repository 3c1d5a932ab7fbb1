"""File and form: what can be said without knowing what the names mean."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

FORM: dict[str, Code] = {
    "E0101": Code(
        "the file cannot be read",
        "The file is not there, is a folder, may not be read, is empty, or its content is no UTF-8 text: a "
        "byte-order mark, a control character or another encoding.\n\n"
        "Save specs as UTF-8 without a byte-order mark.",
    ),
    "E0102": Code(
        "not valid YAML",
        "The file is not built the way YAML files are: a bracket or quote is never closed, a line's "
        "indentation fits no line above it, a tab indents, a colon or comma is missing. Reading stops at some "
        "of these, so that further mistakes may show once this one is mended.\n\n"
        "Indent with spaces, two for each level; a colon that ends a key is followed by a space or the end of "
        "the line.",
        """\
graph:
  - conv2d: {out_channels: 64, kernel_size: 3
  - relu
""",
        """\
graph:
  - conv2d: {out_channels: 64, kernel_size: 3}
  - relu
""",
    ),
    "E0103": Code(
        "not valid JSON",
        "A `.json` file must be JSON to the letter: keys and texts in double quotes, no comments, no comma "
        "behind the last member, `true`, `false` and `null` in lower case. Rename the file to `.yaml` to "
        "write it more freely: YAML reads all of JSON.",
    ),
    "E0104": Code(
        "unknown key",
        "A file, a cell, a step or an input has a key that the language does not know there. Unknown keys are "
        "never skipped, since they are mostly misspelt ones. The nearest valid key is given where there is "
        "one.",
        """\
archdsl: 1
name: net
refernces: ["arXiv:1512.03385"]
""",
        """\
archdsl: 1
name: net
references: ["arXiv:1512.03385"]
""",
    ),
    "E0105": Code(
        "duplicate key",
        "One mapping has the same key twice. Which of the two is meant can't be told, so none is taken "
        "silently; the note says where the first one stands.",
        """\
params: {width: 64, depth: 3, width: 32}
""",
        """\
params: {width: 64, depth: 3}
""",
    ),
    "E0106": Code(
        "anchors, aliases and tags are not allowed",
        "YAML's `&anchor`, `*alias`, `!tag` and `<<` are no part of the language: what a file says must be "
        "readable where it stands. Use a parameter or a cell for what occurs several times.\n\n"
        "An expression can't begin with `*`, `&` or `!` either. To negate, write `not`.",
        """\
params: {widths: &w [64, 128], more: *w}
""",
        """\
params: {widths: [64, 128], more: widths}
""",
    ),
    "E0107": Code(
        "a required key is missing",
        "A file needs `archdsl: 1` and `name`; one with a `graph` needs `inputs`, and one without needs "
        "`cells`. A cell needs a `graph`, an input in the long form its `shape`, a hole its `choose`, an "
        "allowance its `code` and `reason`.",
        """\
name: net
inputs: {image: [3, 32, 32]}
graph: [relu]
""",
        """\
archdsl: 1
name: net
inputs: {image: [3, 32, 32]}
graph: [relu]
""",
    ),
    "E0108": Code(
        "unknown version of the language",
        "The file says that it is written in a version of the language that this program does not know. There "
        "is one version, 1, written as a number.",
        """\
archdsl: "1.0"
name: net
""",
        """\
archdsl: 1
name: net
""",
    ),
    "E0109": Code(
        "a value has the wrong form",
        "A list stands where a mapping belongs, a number where a word belongs, or nothing where something "
        "must be said. The message says which form is expected.",
        """\
inputs: [image]
""",
        """\
inputs: {image: [3, 224, 224]}
""",
    ),
    "E0110": Code(
        "a step needs exactly one head",
        "The head of a step says what it does: the name of an operator, cell or step parameter, or `do`, "
        "`branches` or `choose`. The other words (`name from if for repeat collect share tie`) only say how. "
        "A second head is mostly a second step whose dash is missing.",
        """\
- conv2d: {out_channels: 64, kernel_size: 3}
  relu:
""",
        """\
- conv2d: {out_channels: 64, kernel_size: 3}
- relu
""",
    ),
    "E0111": Code(
        "step words that do not go together",
        "`repeat` makes copies without an index and `for` makes rounds with one: a step has one of them. "
        "`collect` gathers from the rounds of a loop, so it needs `for`, and a `do` whose body gives the "
        "names.",
        """\
- conv2d: {out_channels: 64, kernel_size: 3}
  for: {i: 3}
  repeat: 2
""",
        """\
- do:
    - conv2d: {out_channels: 64, kernel_size: 3}
  repeat: 6
""",
    ),
    "E0112": Code(
        "not a valid name",
        "A name begins with a letter or `_` and goes on with letters, digits and `_`, and it is none of the "
        "reserved words: step words, heads, type names, functions, `true`, `false`, `training`, Python's "
        "keywords, and words that are constants in expressions (`same half nearest bilinear bicubic zeros "
        "reflect replicate float32 int64`).",
        """\
- relu:
  name: same
""",
        """\
- relu:
  name: activated
""",
    ),
    "E0113": Code(
        "invalid input declaration",
        "An input is a list of sizes without the batch dimension N, or `{shape: [...], dtype: ...}` with "
        "`float32` or `int64`. There are one to six sizes, whole numbers from 1.",
        """\
inputs: {image: [N, 3, 224, 224]}
""",
        """\
inputs: {image: [3, 224, 224]}
""",
    ),
    "E0114": Code(
        "an expression needs quotes",
        "YAML would read this as something else than the expression or text that it is. Inside `{ }` and `[ "
        "]`, YAML cuts at every `, [ ] { }`, also within the brackets of an expression; a value that begins "
        "with `[` or `{` ends with the closing bracket; `: ` within a text begins a value; and nothing begins "
        "with `%`, `@` or a backquote.\n\n"
        "Put the whole expression or text in double quotes. Lists of plain values need none.",
        """\
- stages: {width: min(64, limit), skip: features[2].channels}
  from: [x] + made
""",
        """\
- stages: {width: "min(64, limit)", skip: "features[2].channels"}
  from: "[x] + made"
""",
    ),
    "E0115": Code(
        "not the text form of a graph",
        "The text form of a graph, which `archdsl` prints and reads back, is broken at this place. It is "
        "written by the program; check whether the file was cut or edited.",
    ),
    "E0116": Code(
        "a key must be a word or a number",
        "A key is a word, a path of an import, or a number on one line: never empty, never a list, a mapping "
        "or a text over several lines. A `{` within braces is mostly an expression that lacks its quotes.",
        """\
- reshape: {shape: {{channels}}}
""",
        """\
- reshape: {shape: [channels]}
""",
    ),
    "E0117": Code(
        "a file holds one document",
        "A line `---` within a file begins a second YAML document. One file says one thing: put each document "
        "in a file of its own, and its cells to use by `import`.",
        """\
archdsl: 1
name: a
---
archdsl: 1
name: b
""",
        """\
archdsl: 1
name: a
""",
    ),
}
