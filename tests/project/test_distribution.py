"""What is installed is what the checkout has, and works without it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KINDS = {".py", ".j2", ".css", ".js"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The wheel's content, unpacked somewhere else."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_wheel_has_both_packages_and_all_specs(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    specs = {f"archdsl/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "specs").rglob("*") if path.is_file()}
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "archdsl").rglob("*") if path.suffix in KINDS}
    assert specs | sources <= names
    assert {"archdsl_search/__init__.py", "archdsl/py.typed", "archdsl_search/py.typed"} <= names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"archdsl", "archdsl_search"}


def test_an_installed_package_finds_its_own_specs(installed, tmp_path):
    program = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "import archdsl, archdsl_search\n"
        "architecture = archdsl.load('resnet18')\n"
        "print(archdsl.__file__, architecture.file, archdsl.cost(architecture).params)"
    )
    # Isolated: neither the current folder nor the checkout is on the path.
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    module, file, params = done.stdout.split()
    assert Path(module).is_relative_to(installed)
    assert Path(file).is_relative_to(installed / "archdsl" / "specs")
    assert params == "11689512"


def test_every_dependency_is_pinned():
    pinned = {line.partition("==")[0].lower() for line in constraints()}
    needed = list(PROJECT["dependencies"])
    for name in ("onnx", "dev"):
        needed += PROJECT["optional-dependencies"][name]
    names = {re.match(r"[\w.-]+", requirement)[0].lower() for requirement in needed}
    assert names <= pinned


def test_constraints_name_versions_and_nothing_else():
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in constraints())


def constraints():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_commands_in_the_readme_exist():
    from archdsl.cli.app import COMMANDS, COMPANIONS

    used = set(re.findall(r"^(?:\$ )?archdsl (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert used
    assert used <= {*COMMANDS, *COMPANIONS}


def test_the_command_of_the_search_says_what_the_root_command_says_of_it():
    from archdsl.cli.app import COMPANIONS

    (point,) = [point for point in entry_points(group="archdsl.commands") if point.name == "search"]
    assert point.load().registered_callback.callback.__doc__.splitlines()[0] == COMPANIONS["search"]


def test_the_spec_in_the_readme_is_what_init_writes(tmp_path):
    from archdsl.cli.main import main

    assert main(["init", str(tmp_path / "net.yaml")]) == 0
    started = (tmp_path / "net.yaml").read_text()
    shown = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown is not None
    skipped = ("#", "description:")
    lines = [line for line in started.splitlines() if not line.startswith(skipped)]
    assert re.sub(r" +#.*", "", shown[1]).split() == re.sub(r" +#.*", "", "\n".join(lines)).split()


def test_make_has_the_targets_that_are_promised():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test", "lint", "docs", "bench"} <= targets


def test_the_index_of_the_zoo_has_no_name_twice():
    entries = json.loads((ROOT / "specs" / "index.json").read_text())["networks"]
    names = [entry["name"] for entry in entries]
    assert len(names) == len(set(names))
