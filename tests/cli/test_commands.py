"""What each command makes of a good spec."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ElementTree

import pytest
import torch
from safetensors.torch import load_file

import archdsl as package
from archdsl.diagnostics.codes import CODES

BROKEN = """\
archdsl: 1
name: broken
inputs: {image: [3, 8, 8]}
graph:
  - conv2d: {out_channels: 4, kernal_size: 3}
  - rellu
"""


def test_init_writes_a_spec_that_is_valid_formatted_and_names_its_schema(archdsl, folder):
    answer = archdsl("init", "mine.yaml")
    assert (answer.status, answer.out) == (0, "mine.yaml\n")
    text = (folder / "mine.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=./archdsl.schema.json\n")
    assert json.loads((folder / "archdsl.schema.json").read_text())["$schema"].startswith(
        "http://json-schema.org/draft-07"
    )
    assert archdsl("check", "mine.yaml").status == 0
    assert archdsl("fmt", "--check", "mine.yaml").status == 0


def test_init_leaves_a_schema_of_others_alone(archdsl, folder):
    (folder / "archdsl.schema.json").write_text("{}")
    assert archdsl("init", "mine.yaml").status == 0
    assert (folder / "archdsl.schema.json").read_text() == "{}"


def test_init_overwrites_only_by_force(archdsl, folder):
    before = (folder / "net.yaml").read_text()
    assert archdsl("init", "net.yaml").status == 2
    assert (folder / "net.yaml").read_text() == before
    assert archdsl("init", "net.yaml", "--force", "--name", "other").status == 0
    assert "name: other\n" in (folder / "net.yaml").read_text()


def test_check_says_that_all_is_well(archdsl):
    assert archdsl("check", "net.yaml") == (0, "", "1 file checked, no findings\n")


def test_check_reports_every_file_and_every_mistake(archdsl, folder):
    (folder / "broken.yaml").write_text(BROKEN)
    (folder / "worse.json").write_text('{"archdsl": 1,')
    answer = archdsl("check", "net.yaml", "broken.yaml", "worse.json")
    assert answer.status == 1
    assert "broken.yaml:5:31" in answer.out
    assert "did you mean `kernel_size`?" in answer.out
    assert "broken.yaml:6:5" in answer.out
    assert "E0103" in answer.out
    assert answer.err == "3 files checked: 3 errors\n"


def test_check_looks_into_folders_for_files_that_say_archdsl(archdsl, folder):
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "broken.yaml").write_text(BROKEN)
    (folder / "deep" / "compose.yaml").write_text("services: {}\n")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "old.yaml").write_text(BROKEN)
    answer = archdsl("check", ".")
    assert answer.status == 1
    assert "deep/er/broken.yaml:5:31" in answer.out
    assert answer.err == "3 files checked: 2 errors\n"


@pytest.mark.parametrize("format", ["json", "sarif"])
def test_check_answers_programs_whether_or_not_there_are_findings(archdsl, folder, format):
    (folder / "broken.yaml").write_text(BROKEN)
    good, bad = archdsl("check", "net.yaml", "--format", format), archdsl("check", "broken.yaml", "--format", format)
    assert (good.status, bad.status) == (0, 1)
    json.loads(good.out)
    json.loads(bad.out)
    assert "E0205" in bad.out


def test_check_annotates_for_github(archdsl, folder):
    (folder / "broken.yaml").write_text(BROKEN)
    answer = archdsl("check", "broken.yaml", "--format", "github")
    assert "::error file=broken.yaml,line=5," in answer.out


def test_check_takes_parameters_and_inputs(archdsl):
    assert archdsl("check", "net.yaml", "--set", "width=3 * 2", "--input", "image=3x32x32").status == 0
    assert archdsl("check", "net.yaml", "--set", "width=0").status == 1
    assert archdsl("check", "net.yaml", "--input", "image=3").status == 1


def test_fmt_keeps_comments_and_is_idle_the_second_time(archdsl, folder):
    path = folder / "messy.yaml"
    path.write_text("archdsl:   1\nname: messy   # why\ninputs: {x:   [3]}\ngraph:\n    -   relu\n")
    path.chmod(0o640)
    assert archdsl("fmt", "--check", "messy.yaml").out == "messy.yaml\n"
    assert archdsl("fmt", "--diff", "messy.yaml").status == 1
    assert "archdsl:   1" in path.read_text()
    assert archdsl("fmt", "messy.yaml").status == 0
    formatted = path.read_text()
    assert "# why" in formatted
    assert "archdsl: 1\n" in formatted
    assert path.stat().st_mode & 0o777 == 0o640
    assert archdsl("fmt", "--check", "messy.yaml") == (0, "", "")
    assert archdsl("check", "messy.yaml").status == 0


def test_fmt_takes_folders(archdsl, folder):
    (folder / "specs").mkdir()
    (folder / "specs" / "messy.yaml").write_text("archdsl:   1\nname: messy\ninputs: {x: [3]}\ngraph: [relu]\n")
    (folder / "specs" / "other.yaml").write_text("jobs:   1\n")
    answer = archdsl("fmt", "--check", "specs")
    assert (answer.status, answer.out) == (1, f"specs{os.sep}messy.yaml\n")


def test_schema_is_json_and_can_be_written(archdsl, folder):
    printed = archdsl("schema").out
    assert archdsl("schema", "-o", "sub/schema.json").out == "sub/schema.json\n"
    assert json.loads((folder / "sub" / "schema.json").read_text()) == json.loads(printed)


def test_explain(archdsl):
    answer = archdsl("explain", "e0302")
    assert answer.status == 0
    assert CODES["E0302"].title in answer.out
    assert json.loads(archdsl("explain", "E0302", "--format", "json").out)["code"] == "E0302"
    everything = archdsl("explain").out
    assert all(code in everything for code in CODES)


def test_resolve_fills_holes_and_changes_nothing_else(archdsl, folder):
    given = {"conv2d/out_channels": 8, "conv2d/kernel_size": 3}
    (folder / "chosen.json").write_text(json.dumps({"decisions": given}))
    answer = archdsl("resolve", "space.yaml", "--decisions", "chosen.json", "-o", "chosen.yaml")
    assert answer.status == 0
    text = (folder / "chosen.yaml").read_text()
    assert text.startswith((folder / "space.yaml").read_text().rstrip("\n"))
    assert package.load("chosen.yaml").decisions == given
    assert archdsl("resolve", "space.yaml", "--decisions", json.dumps(given)).out == text


def test_resolve_says_to_which_variant_and_values_its_decisions_belong(archdsl, folder):
    space = (folder / "space.yaml").read_text()
    (folder / "sized.yaml").write_text(f"{space}params: {{n: 1}}\nvariants: {{small: {{params: {{n: 2}}}}}}\n")
    plain = archdsl("resolve", "sized.yaml", "--sample", 1, "-o", "plain.yaml")
    assert (plain.status, plain.err) == (0, "")
    answer = archdsl("resolve", "sized.yaml@small", "--set", "n=3", "--sample", 1, "-o", "chosen.yaml")
    assert (answer.status, answer.out) == (0, "chosen.yaml\n")
    assert answer.err == "these decisions are of chosen.yaml@small --set n=3\n"
    assert archdsl("check", "chosen.yaml@small", "--set", "n=3").status == 0


def test_resolve_names_open_holes(archdsl):
    answer = archdsl("resolve", "space.yaml")
    assert answer.status == 1
    assert "conv2d/out_channels" in answer.err


def test_resolve_samples_by_seed(archdsl):
    first, again = archdsl("resolve", "space.yaml", "--sample", 1), archdsl("resolve", "space.yaml", "--sample", 1)
    assert first == again
    assert len({archdsl("resolve", "space.yaml", "--sample", seed).out for seed in range(12)}) > 1


def test_cost_as_text_and_as_json(archdsl):
    answer = archdsl("cost", "net.yaml")
    assert "batch_norm2d" in answer.out
    report = json.loads(archdsl("cost", "net.yaml", "--format", "json").out)
    assert report["params"] == 4 * 9 + 2 * 4 + 4 * 10 + 10
    assert report["mult_adds"] == 4 * 9 * 64 + 40
    assert f"{report['mult_adds']:,}" in answer.out


def test_cost_of_other_parameters_inputs_and_batches(archdsl):
    def mult_adds(*arguments):
        return json.loads(archdsl("cost", "net.yaml", "--format", "json", *arguments).out)["mult_adds"]

    assert mult_adds("--set", "width=8") == 8 * 9 * 64 + 80
    assert mult_adds("--input", "image=1x16x16") == 4 * 9 * 256 + 40
    assert mult_adds("--batch-size", 5) == 5 * mult_adds()


@pytest.mark.parametrize("rows", ["layers", "cells", "operators", "none"])
def test_cost_by(archdsl, rows):
    answer = archdsl("cost", "net.yaml", "--by", rows)
    assert answer.status == 0
    assert "peak_activation" in answer.out


def test_draw(archdsl, folder):
    assert archdsl("draw", "net.yaml", "-o", "out/net.svg").out == "out/net.svg\n"
    assert ElementTree.parse(folder / "out" / "net.svg").getroot().tag.endswith("svg")
    assert archdsl("draw", "net.yaml", "-o", "net.mmd").status == 0
    assert (folder / "net.mmd").read_text() == archdsl("draw", "net.yaml", "--format", "mermaid").out
    assert archdsl("draw", "net.yaml").out == (folder / "out" / "net.svg").read_text()


def test_compile_writes_every_target_with_the_same_weights(archdsl, folder):
    targets = [word for target in ("module", "source", "onnx", "exported") for word in ("-t", target)]
    answer = archdsl("compile", "net.yaml", "-o", "out", *targets)
    assert answer.status == 0
    *files, cost = answer.out.splitlines()
    assert files == [os.path.join("out", f"net{suffix}") for suffix in (".safetensors", ".py", ".onnx", ".pt2")]  # noqa: PTH118
    assert cost.startswith("net: ")

    images = torch.randn(3, 1, 8, 8)
    state = load_file("out/net.safetensors")
    names: dict = {}
    exec((folder / "out" / "net.py").read_text(), names)
    source = names["build"]()
    source.load_state_dict(state)
    net = package.load("net.yaml")
    plain = package.compile(net, mode="inference", weights="out/net.safetensors", optimize=False)
    expected = plain(images)
    assert torch.equal(source.eval()(images), expected)
    optimized = package.compile(net, mode="inference", weights="out/net.safetensors")
    torch.testing.assert_close(optimized(images), expected, rtol=1e-5, atol=1e-5)
    exported = torch.export.load("out/net.pt2").module()
    torch.testing.assert_close(exported(images), expected, rtol=1e-5, atol=1e-5)
    import onnxruntime

    session = onnxruntime.InferenceSession("out/net.onnx", providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {session.get_inputs()[0].name: images.numpy()})
    torch.testing.assert_close(torch.from_numpy(logits), expected, rtol=1e-5, atol=1e-5)


def test_compile_is_repeatable_by_seed(archdsl):
    weights = []
    for seed in (1, 1, 2):
        assert archdsl("compile", "net.yaml", "-o", "out", "-t", "module", "--seed", seed).status == 0
        weights.append(load_file("out/net.safetensors")["logits.weight"])
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_compile_refuses_weights_of_another_network_and_writes_nothing(archdsl, folder):
    archdsl("compile", "net.yaml", "-o", "narrow", "-t", "module")
    answer = archdsl("compile", "net.yaml", "-o", "wide", "--set", "width=6", "--weights", "narrow/net.safetensors")
    assert answer.status == 1
    assert "E1001" in answer.err
    assert not (folder / "wide").exists()


def test_train_learns_writes_weights_and_refuses_to_start_over(archdsl, folder):
    options = ["train", "net.yaml", "--data", "digits", "-o", "run", "--epochs", 8, "--lr", 0.03, "--set", "width=8"]
    answer = archdsl(*options, "--format", "json")
    assert answer.status == 0
    result = json.loads(answer.out)
    assert result["test"]["accuracy"] > 0.2
    assert answer.err.count("epoch ") == 8
    architecture = package.load("net.yaml", params={"width": 8})
    package.compile(architecture, weights=result["weights"])
    again = archdsl(*options)
    assert again.status == 2
    assert "--resume goes on from it, --force starts anew" in again.err
    resumed = archdsl(*options, "--resume")
    assert resumed.status == 0
    assert f"test accuracy {result['test']['accuracy']:.2%} on 359 held-out images" in resumed.out
    assert archdsl(*options, "--force", "--set", "num_classes=3").status == 2
    assert (folder / "run" / "best.safetensors").exists()  # a mistake costs nothing
    assert archdsl(*options, "--force").status == 0


def test_train_on_folders_of_images(archdsl, folder):
    from PIL import Image as image  # noqa: N813

    for name, grey in (("dark", 30), ("light", 220)):
        (folder / "images" / name).mkdir(parents=True)
        for i in range(12):
            image.new("L", (9, 9), grey + i).save(folder / "images" / name / f"{i}.png")
    answer = archdsl(
        "train", "net.yaml", "--data", "folder:images", "--set", "num_classes=2", "-o", "run", "--epochs", 8,
        "--batch-size", 4, "--lr", 0.01,
    )  # fmt: skip
    assert answer.status == 0
    assert "test accuracy 100.00% on 4 held-out images" in answer.out


def test_doctor(archdsl):
    facts = json.loads(archdsl("doctor", "--format", "json").out)
    assert facts["archdsl"] == package.__version__
    assert any(device.startswith("cpu") for device in facts["devices"])
    assert facts["packages"]["torch"].startswith(torch.__version__.partition("+")[0])
    text = archdsl("doctor")
    assert "torch" in text.out
    assert text.status == (1 if facts["problems"] else 0)


def names(answer):
    return [entry["name"] for entry in json.loads(answer.out)]


def test_zoo_list_filters(archdsl):
    everything = names(archdsl("zoo", "list", "--format", "json"))
    assert {"resnet50", "lenet5", "nasbench201", "digits_resnet"} <= set(everything)
    assert names(archdsl("zoo", "list", "resnet50", "--format", "json"))[0] == "resnet50"
    spaces = names(archdsl("zoo", "list", "--kind", "space", "--format", "json"))
    assert "nasbench201" in spaces
    assert "resnet50" not in spaces
    small = json.loads(archdsl("zoo", "list", "--max-params", "1e6", "--max-mult-adds", "1e7", "--format", "json").out)
    assert small
    assert all(entry["params"] <= 1e6 and entry["mult_adds"] <= 1e7 for entry in small)
    line = archdsl("zoo", "list", "resnet50").out.splitlines()[1]
    assert line.split()[:5] == ["resnet50", "model", "arXiv:1512.03385", "25,557,032", "4,089,184,256"]
    assert archdsl("zoo").out == archdsl("zoo", "list").out
    genotype = json.loads(archdsl("zoo", "list", "darts_v2", "--max-params", "4e6", "--format", "json").out)[0]
    assert (genotype["paper"], genotype["params"], genotype["input"]) == (
        "arXiv:1806.09055",
        3_349_342,
        {"image": [3, 32, 32]},
    )
    assert archdsl("zoo", "list", "no such words").out == "no network fits these words\n"


def test_zoo_list_puts_names_before_texts_and_reads_no_figures(archdsl):
    found = names(archdsl("zoo", "list", "resnet", "18", "--format", "json"))
    assert found[0] == "resnet18"
    assert "resnet50" not in found  # whose figures have an 18
    assert "'model', 'space'" in archdsl("zoo", "list", "--kind", "models").err


def test_zoo_show_prints_files_of_cells(archdsl):
    assert "\n  conv_bn_act:\n" in archdsl("zoo", "show", "cells/conv").out
    assert "cells/conv" in archdsl("zoo", "show", "cells/convs").err


def test_zoo_show_prints_the_file_and_its_figures(archdsl):
    answer = archdsl("zoo", "show", "resnet50")
    assert "arXiv:1512.03385" in answer.out
    assert "25,557,032" in answer.out
    shown = json.loads(archdsl("zoo", "show", "resnet50", "--format", "json").out)
    assert shown["text"] in answer.out
    assert package.load("resnet50").file == shown["path"]
