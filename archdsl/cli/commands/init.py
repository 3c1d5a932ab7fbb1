"""`archdsl init`: a starter spec."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from archdsl.cli.arguments import Force
from archdsl.cli.errors import UsageError
from archdsl.cli.output import progress

STARTER = """\
# yaml-language-server: $schema={schema}
archdsl: 1
name: {name}
description: A small residual network to start from.
params: {{width: 16, depth: 2, num_classes: 10}}
inputs: {{image: [3, 32, 32]}}

cells:
  residual:                                # x + f(x)
    params: {{channels: int}}
    graph:
      - do:
          - conv2d: {{out_channels: channels, kernel_size: 3, padding: same, bias: false}}
          - batch_norm2d
          - relu
          - conv2d: {{out_channels: channels, kernel_size: 3, padding: same, bias: false}}
          - batch_norm2d
        name: change
      - add:
        from: [x, change]
      - relu

graph:
  - conv2d: {{out_channels: width, kernel_size: 3, padding: same}}
  - relu
  - residual: {{channels: width}}
    repeat: depth
  - global_avg_pool2d
  - linear: {{out_features: num_classes}}
    name: logits
outputs: [logits]
"""


def command(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, `net.yaml`.")] = Path("net.yaml"),
    name: Annotated[str | None, typer.Option("--name", help="The network's name; by default the file's.")] = None,
    force: Force = False,
) -> None:
    """Write a starter spec.

    The JSON Schema goes beside it, and the spec names it, so that editors complete and check while you type.
    """
    chosen = name if name is not None else re.sub(r"\W+", "_", path.stem)
    if not re.fullmatch(r"[A-Za-z_]\w*", chosen, re.ASCII):
        raise UsageError(f"`{chosen}` is no name; letters, digits and underscores make one (--name)")
    if path.suffix not in {".yaml", ".yml"}:
        raise UsageError(f"{path}: a spec ends in .yaml or .yml")
    if path.exists() and not force:
        raise UsageError(f"{path} is there already; --force overwrites it")
    schema = path.with_name("archdsl.schema.json")
    _write(path, STARTER.format(name=chosen, schema=f"./{schema.name}"), schema)
    print(path)
    progress(f"Next: archdsl check {path}; archdsl cost {path}")


def _write(path: Path, text: str, schema: Path) -> None:
    import json

    from archdsl.pipeline.files import write_atomically
    from archdsl.spec.schema import schema as schema_of_specs

    # A schema of ours is brought up to date; anything else that has its name is left alone.
    generated = schema_of_specs()
    if not schema.exists() or f'"{generated["$id"]}"' in schema.read_text(encoding="utf-8"):
        write_atomically(schema, json.dumps(generated, indent=2) + "\n")
    write_atomically(path, text)
