"""Everything that a search writes, on a disk that is soon full: in a mount namespace of its own.

    unshare --mount [--map-root-user] python small_disk.py PLACE RUNS

PLACE becomes a file system of four megabytes, most of which is filled. Prints JSON for each amount of free space.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from archdsl.cli.main import main
from archdsl_search.evaluators.keeping import keep_weights
from archdsl_search.journal.reader import Journal
from archdsl_search.journal.records import Result

PAGE = 4096
FILLER = "filler"


def call(*arguments: object) -> dict[str, Any]:
    """A command: its exit status and what it says on standard error."""
    said = StringIO()
    with redirect_stdout(StringIO()), redirect_stderr(said):
        status = main([*map(str, arguments)])
    return {"status": status, "said": said.getvalue()}


def leave_free(place: Path, pages: int) -> None:
    """Fill the disk but for so many pages."""
    (place / FILLER).unlink(missing_ok=True)
    free = os.statvfs(place)
    with (place / FILLER).open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, free.f_bavail * free.f_bsize - pages * PAGE))


def results(run: Path) -> list[int] | None:
    """The trials that have ended, each as often as the journal says; None without a journal that says something."""
    if not (run / "journal.jsonl").exists() or Journal(run).header is None:
        return None
    return [record.trial for record in Journal(run).records() if isinstance(record, Result)]


def search(place: Path, sweep: Path, pages: int) -> dict[str, Any]:
    """A search on the full disk, then the same with space again."""
    run = place / "run"
    leave_free(place, pages)
    first = call("search", "run", sweep, "--out", run, "--log", "tensorboard", "--quiet")
    before = results(run)
    (place / FILLER).unlink()
    again = ("resume", run) if before is not None else ("run", sweep, "--out", run)
    second = call("search", *again, "--log", "tensorboard", "--quiet")
    after = results(run)
    shutil.rmtree(run)
    return {"what": "search", "pages": pages, "first": first, "before": before, "second": second, "after": after}


def outputs(place: Path, run: Path) -> Iterator[dict[str, Any]]:
    """`best -o` and `report -o` over a file that is there."""
    for what, name in (("report", "report.html"), ("best", "found")):
        for pages in (0, 1, 2):
            target = place / "out" / name
            target.parent.mkdir(exist_ok=True)
            if what == "report":
                target.write_text("old")
            leave_free(place, pages)
            said = call("search", what, run, "-o", target)
            left = sorted(str(path.relative_to(place)) for path in (place / "out").rglob("*") if path.is_file())
            old = target.read_text() == "old" if what == "report" else True
            (place / FILLER).unlink()
            then = call("search", what, run, "-o", target)
            shutil.rmtree(place / "out")
            yield {"what": what, "pages": pages, "first": said, "left": left, "old": old, "second": then}


def weights(place: Path) -> dict[str, Any]:
    """Weights of a trial that no longer fit, beside those of an earlier one."""
    import torch

    module = torch.nn.Linear(64, 64)
    keep_weights(module, place / "trials" / "000000")
    leave_free(place, 2)
    try:
        keep_weights(module, place / "trials" / "000001")
        raised = ""
    except Exception as error:
        raised = str(error)
    found = sorted(str(path.relative_to(place / "trials")) for path in place.glob("trials/*/*"))
    (place / FILLER).unlink()
    return {"what": "weights", "raised": raised, "left": found}


if __name__ == "__main__":
    mounted, whole, sweep_file = map(Path, sys.argv[1:4])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(mounted)], check=True)
    for free in json.loads(sys.argv[4]):
        print(json.dumps(search(mounted, sweep_file, free)), flush=True)
    for each in outputs(mounted, whole):
        print(json.dumps(each), flush=True)
    print(json.dumps(weights(mounted)), flush=True)
