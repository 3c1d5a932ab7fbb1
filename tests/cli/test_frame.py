"""What all commands have in common: exit status, streams, help, start-up."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint

import pytest
import typer

import archdsl as package
from archdsl.cli import app
from archdsl.cli.main import main


def test_help_names_every_command_and_what_it_says_of_itself(archdsl):
    answer = archdsl("--help")
    assert answer.status == 0
    for name, line in app.COMMANDS.items():
        assert f"{name} " in answer.out
        assert line in answer.out
        module = import_module(app.module_of(name))
        own = module.app.info.help if hasattr(module, "app") else module.command.__doc__
        assert own.splitlines()[0] == line


def test_no_command_prints_the_help(archdsl):
    assert archdsl() == archdsl("--help")


@pytest.mark.parametrize("command", app.COMMANDS)
def test_every_command_has_help(archdsl, command):
    answer = archdsl(command, "--help")
    assert answer.status == 0
    assert answer.out.startswith(f"Usage: archdsl {command}")


def test_version(archdsl):
    assert archdsl("--version").out == f"archdsl {package.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chekc", "net.yaml"], "there is no command `chekc`; did you mean `check`?"),
        (["check"], "Missing argument"),
        (["check", "net.yaml", "--bogus"], "No such option: --bogus"),
        (["cost", "net.yaml", "--set", "width"], "NAME=VALUE is needed"),
        (["cost", "net.yaml", "--set", "width=1", "--set", "width=2"], "`width` is given twice"),
        (["cost", "net.yaml", "--input", "image=wide"], "`wide` is no shape"),
        (["cost", "net.yaml", "--batch-size", "0"], "--batch-size"),
        (["cost", "net.yaml", "--decisions", "{a: 1}"], "not JSON"),
        (["cost", "net.yaml", "--decisions", "missing.json"], "missing.json: No such file"),
        (["explain", "E9999"], "there is no code `E9999`"),
        (["zoo", "show", "no_such_net"], "there is no `no_such_net` in the zoo"),
        (["draw", "net.yaml", "-o", "net.png"], "end it in .svg or .mmd"),
        (["compile", "net.yaml", "-o", "net.yaml"], "a folder is needed"),
        (["train", "net.yaml", "--data", "mnist"], "there are digits, cifar10:DIR and folder:DIR"),
        (["train", "net.yaml", "--data", "digits", "--set", "num_classes=7"], "--set num_classes=10"),
        (["train", "net.yaml", "--data", "digits", "--device", "abacus"], "there is no device `abacus`"),
        (["train", "net.yaml", "--data", "digits", "--gamma", "7"], "gamma = 7.0 is out of range"),
        (["train", "net.yaml", "--data", "digits", "--resume"], "there is no checkpoint to go on from"),
        (["fmt", "missing.yaml"], "missing.yaml: No such file"),
        (["init", "net.yaml"], "--force overwrites it"),
        (["init", "1net.yaml"], "`1net` is no name"),
        (["init", "net.txt"], "a spec ends in .yaml or .yml"),
    ],
)
def test_wrong_usage_is_one_line_on_standard_error_and_status_2(archdsl, folder, arguments, said):
    before = sorted(folder.rglob("*"))
    answer = archdsl(*arguments)
    assert answer.status == 2
    assert said in answer.err
    assert answer.err.startswith(("archdsl: ", "net on digits"))
    assert "Traceback" not in answer.err
    assert answer.out == ""
    assert sorted(folder.rglob("*")) == before


def test_findings_of_a_command_that_is_not_check_go_to_standard_error(archdsl, folder):
    (folder / "net.yaml").write_text("archdsl: 1\ninputs: {x: [3]}\nname: net\ngraph: [rellu]\n")
    answer = archdsl("cost", "net.yaml")
    assert answer.status == 1
    assert answer.out == ""
    assert "E0202" in answer.err
    assert "did you mean `relu`?" in answer.err


def failing(error):
    def command() -> None:
        """Fail."""
        raise error

    return command


@pytest.fixture
def plugin(monkeypatch):
    """Installs a command `plugin` by an entry point."""

    def install(found):
        module = type(sys)("plugin_for_tests")
        module.command = found
        monkeypatch.setitem(sys.modules, "plugin_for_tests", module)
        point = EntryPoint("plugin", "plugin_for_tests:command", app.ENTRY_POINT_GROUP)
        monkeypatch.setattr(app, "entry_points", lambda group: [point])

    return install


def test_an_internal_error_is_explained_without_traceback(archdsl, plugin, monkeypatch):
    plugin(failing(KeyError("x")))
    answer = archdsl("plugin")
    assert answer.status == 2
    assert answer.err.startswith("archdsl: internal error: KeyError: 'x'")
    assert "Traceback" not in answer.err
    assert "Traceback" in archdsl("--debug", "plugin").err
    monkeypatch.setenv("ARCHDSL_TRACEBACK", "1")
    assert "Traceback" in archdsl("plugin").err


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (KeyboardInterrupt(), 130, "archdsl: interrupted\n"),
        (PermissionError(13, "Permission denied", "there"), 2, "archdsl: there: Permission denied\n"),
        (ModuleNotFoundError("no onnx", name="onnx.helper"), 2, "pip install 'archdsl[onnx]'"),
    ],
)
def test_what_comes_from_outside_is_said_in_a_line(archdsl, plugin, error, status, said):
    plugin(failing(error))
    answer = archdsl("plugin")
    assert answer.status == status
    assert said in answer.err


def test_installed_packages_add_commands(archdsl, plugin):
    def command(number: int) -> None:
        """Twice a number."""
        print(2 * number)

    plugin(command)
    assert archdsl("plugin", "21").out == "42\n"
    assert "plugin_for_tests:command" in archdsl("--help").out


def test_installed_packages_add_groups_of_commands(archdsl, plugin):
    group = typer.Typer()
    group.command("one")(lambda: print(1))
    group.command("two")(lambda: print(2))
    plugin(group)
    assert archdsl("plugin", "two").out == "2\n"


def test_built_in_commands_cannot_be_replaced(archdsl, monkeypatch):
    point = EntryPoint("check", "nowhere:command", app.ENTRY_POINT_GROUP)
    monkeypatch.setattr(app, "entry_points", lambda group: [point])
    assert archdsl("check", "net.yaml").status == 0


# Without these the command line starts quickly; each has its use in commands that take longer anyway.
HEAVY = {"torch", "numpy", "networkx", "rich", "onnx", "sklearn", "scipy", "PIL", "safetensors", "jinja2"}
QUICK = [["--help"], ["check", "net.yaml"], ["cost", "net.yaml"], ["zoo", "list"], ["schema"], ["explain", "E0302"]]


@pytest.mark.parametrize("arguments", QUICK, ids=" ".join)
def test_commands_that_run_no_network_import_nothing_heavy(folder, arguments):
    program = (
        "import json, sys\nfrom archdsl.cli.main import main\nstatus = main(sys.argv[1:])\n"
        "json.dump([status, sorted({name.partition('.')[0] for name in sys.modules})], sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    status, modules = json.loads(done.stderr.splitlines()[-1])
    assert status == 0
    assert not HEAVY & set(modules)


@pytest.mark.parametrize("arguments", QUICK, ids=" ".join)
def test_commands_that_run_no_network_answer_quickly(folder, arguments):
    """Measured in processor time, the best of some runs: other processes on the machine must not matter."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "archdsl", *arguments], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(4)) < 0.5


def test_a_reader_that_goes_away_ends_the_command_quietly(folder):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "archdsl", "schema"], stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 141
    assert done.stderr == b""


def test_an_interrupt_from_the_keyboard_ends_training_cleanly(folder):
    command = [sys.executable, "-m", "archdsl", "train", "net.yaml", "--data", "digits", "--epochs", "100000"]
    heard = partial(signal.signal, signal.SIGINT, signal.default_int_handler)  # shells ignore it in the background
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, preexec_fn=heard
    ) as running:
        assert running.stderr is not None
        deadline = time.monotonic() + 60
        while "epoch" not in running.stderr.readline():
            assert time.monotonic() < deadline
        running.send_signal(signal.SIGINT)
        _, rest = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "--resume goes on" in rest
    assert rest.endswith("archdsl: interrupted\n")
    assert "Traceback" not in rest
    assert (folder / "runs" / "train" / "checkpoint.safetensors").exists()


def test_main_takes_the_arguments_of_the_process(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["archdsl", "--version"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("archdsl ")
