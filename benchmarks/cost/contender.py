"""One cost counter in its own process: reads commands as lines of JSON, answers each with one.

`{"load": "resnet50"}` makes the network, `{"measure": 3}` analyses it so often and gives the seconds and the number.
Making the network isn't measured, nor is the first analysis.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

_FOLDER = tempfile.TemporaryDirectory()  # goes with the process


def archdsl_cost(name: str) -> Callable[[], int]:
    """The cost alone, from the graph."""
    import archdsl
    from archdsl.analysis.costing import cost_report

    graph = archdsl.load(name).graph()
    return lambda: cost_report(graph).mult_adds


def archdsl_report(name: str) -> Callable[[], int]:
    """From the text of the file to all data of a report: costs, parts, findings of every lint, comparison.

    The file is a copy of the shipped one, whose form archdsl would remember.
    """
    import archdsl
    from archdsl.pipeline.reporting import findings_of, report_on
    from archdsl.report.data import to_dict
    from archdsl.spec.library import locate

    shipped, _, variant = locate(name)
    copy = Path(_FOLDER.name) / shipped.name
    copy.write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    spec = f"{copy}@{variant}" if variant else str(copy)

    def analyse() -> int:
        network = archdsl.load(spec)
        data = to_dict(report_on([network], [name], findings=[findings_of(network)]))
        return int(data["networks"][0]["cost"]["mult_adds"])

    return analyse


def other(tool: str) -> Callable[[str], Callable[[], int]]:
    """A tool on the compiled module with one sample."""

    def load(name: str) -> Callable[[], int]:
        import torch

        import archdsl
        from tests.analysis.compat.tools import TOOLS

        torch.set_num_threads(2)
        device = "meta" if tool == "flopcounter" else "cpu"
        net = archdsl.load(name)
        with torch.device(device):
            module = archdsl.compile(net).eval()  # layers as they are written: what counters can see
            inputs = [torch.zeros(1, *value.type.shape) for value in net.graph().inputs.values()]
        return lambda: TOOLS[tool](module, inputs)

    return load


def contender(name: str) -> Callable[[str], Callable[[], int]]:
    """How the named contender prepares a network."""
    own = {"archdsl": archdsl_cost, "archdsl-text-to-report": archdsl_report}
    return own.get(name) or other(name)


def main() -> int:
    """Answer commands until the input ends."""
    warnings.simplefilter("ignore")
    prepare = contender(sys.argv[1])
    analyse: Callable[[], int] | None = None
    for line in sys.stdin:
        command: dict[str, Any] = json.loads(line)
        if "load" in command:
            analyse = None
            gc.collect()
            analyse = prepare(command["load"])
            answer: dict[str, Any] = {"number": analyse()}
        else:
            assert analyse is not None
            times = []
            for _ in range(command["measure"]):
                started = time.perf_counter()
                analyse()
                times.append(time.perf_counter() - started)
            answer = {"seconds": times}
        print(json.dumps(answer), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
