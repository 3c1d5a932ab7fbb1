"""Design lints: advice with a source. The snippets are whole files; tests hold them against the rules."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

DESIGN: dict[str, Code] = {
    "D0101": Code(
        "a representational bottleneck",
        "Everything the network says about its input passes through this value, and it has many times fewer elements "
        "(channels x height x width) than the narrowest one before it. Much is lost at once that no later layer "
        "brings back. Representations should shrink gently from the input to the result.\n\n"
        "Widen the value when height and width are reduced, reduce them in several steps, or let a strided "
        "convolution and a pooling work side by side and concatenate their results. Compared are the values through "
        "which all paths lead, up to the classifier's pooling.",
        """\
archdsl: 1
inputs: {image: [3, 64, 64]}
graph:
  - conv2d: {out_channels: 32, kernel_size: 3, stride: 2, padding: 1}
  - relu
  - max_pool2d: {kernel_size: 4, stride: 4}
  - conv2d: {out_channels: 2, kernel_size: 1}
  - relu
  - conv2d: {out_channels: 64, kernel_size: 3, padding: 1}
  - global_avg_pool2d
""",
        """\
archdsl: 1
inputs: {image: [3, 64, 64]}
graph:
  - conv2d: {out_channels: 32, kernel_size: 3, stride: 2, padding: 1}
  - relu
  - conv2d: {out_channels: 64, kernel_size: 3, stride: 2, padding: 1}
  - relu
  - conv2d: {out_channels: 128, kernel_size: 3, stride: 2, padding: 1}
  - global_avg_pool2d
""",
        "arXiv:1512.00567, section 2 (principle 1) and section 5",
    ),
    "D0102": Code(
        "a large window where smaller ones see as far",
        "Two convolutions of 3x3 in a row see 5x5 pixels, three see 7x7; so do a 1xn and an nx1 convolution see nxn. "
        "They take fewer multiply-adds and parameters as long as the channels between them are no more than those "
        "around them, and leave room for a non-linearity between. The finding counts each replacement exactly, with "
        "stride and padding as they are, and proposes the cheapest.\n\n"
        "The pair of 1xn and nx1 is proposed for maps between 12 and 20 only, where its authors found it to work. "
        "Where few channels are read and many made, as in the first layer, a row costs more, and there is no "
        "finding. More layers can take longer in spite of fewer multiply-adds: measure.",
        """\
archdsl: 1
inputs: {image: [64, 32, 32]}
graph:
  - conv2d: {out_channels: 64, kernel_size: 5, padding: 2}
""",
        """\
archdsl: 1
inputs: {image: [64, 32, 32]}
graph:
  - conv2d: {out_channels: 64, kernel_size: 3, padding: 1}
  - conv2d: {out_channels: 64, kernel_size: 3, padding: 1}
""",
        "arXiv:1409.1556, section 2.3; arXiv:1512.00567, sections 3.1 and 3.2",
    ),
    "D0103": Code(
        "most parameters in one fully connected layer",
        "A linear layer that reads a flattened map has channels x height x width weights for each feature. Averaging "
        "each channel over the map first (`global_avg_pool2d`) leaves channels x features, regularises, and lets the "
        "network read inputs of any size. GoogLeNet's authors found it slightly more accurate.",
        """\
archdsl: 1
inputs: {image: [3, 32, 32]}
graph:
  - conv2d: {out_channels: 64, kernel_size: 3, stride: 4, padding: 1}
  - flatten
  - linear: {out_features: 256}
""",
        """\
archdsl: 1
inputs: {image: [3, 32, 32]}
graph:
  - conv2d: {out_channels: 64, kernel_size: 3, stride: 4, padding: 1}
  - global_avg_pool2d
  - linear: {out_features: 256}
""",
        "arXiv:1312.4400, section 3.2; arXiv:1409.4842, section 5",
    ),
    "D0104": Code(
        "a bias straight before batch norm",
        "Batch norm takes the mean of each channel away, and with it any number that was added to the whole channel; "
        "its own shift does what a bias would. The bias costs parameters and optimizer state and learns nothing. "
        "Write `bias: false`.\n\n"
        "Published weights may contain the bias; then allow the code in the file.",
        """\
archdsl: 1
inputs: {image: [3, 32, 32]}
graph:
  - conv2d: {out_channels: 16, kernel_size: 3, padding: 1}
  - batch_norm2d
""",
        """\
archdsl: 1
inputs: {image: [3, 32, 32]}
graph:
  - conv2d: {out_channels: 16, kernel_size: 3, padding: 1, bias: false}
  - batch_norm2d
""",
        "arXiv:1502.03167, section 3.2",
    ),
    "D0105": Code(
        "a rectifier on a narrow bottleneck",
        "The map is made from several times as many channels, and widened by as much right behind. A rectifier sets "
        "a part of its few numbers to zero; what they said is lost, and nothing beside them repeats it. A linear "
        "bottleneck, without the non-linearity, keeps it: MobileNetV2 gains accuracy by that, and the memory access "
        "of the step is saved.\n\n"
        "Gates that work on single numbers for each channel (squeeze and excitation) are left out.",
        """\
archdsl: 1
inputs: {image: [96, 28, 28]}
graph:
  - conv2d: {out_channels: 16, kernel_size: 1, bias: false}
  - batch_norm2d
  - relu6
  - conv2d: {out_channels: 96, kernel_size: 1, bias: false}
  - batch_norm2d
""",
        """\
archdsl: 1
inputs: {image: [96, 28, 28]}
graph:
  - conv2d: {out_channels: 16, kernel_size: 1, bias: false}
  - batch_norm2d
  - conv2d: {out_channels: 96, kernel_size: 1, bias: false}
  - batch_norm2d
""",
        "arXiv:1801.04381, sections 3.2 and 6",
    ),
    "D0106": Code(
        "a non-linearity on the identity path",
        "In x' = f(x + F(x)) every unit of a row of residual units changes the signal on the shortcut; in "
        "x' = x + F(x) it reaches all later units, and the gradient all earlier ones, unchanged. Put normalisation "
        "and activation into the branch, in front of the convolutions (pre-activation). The gain grows with depth: "
        "rows of up to 8 are left alone.",
        """\
archdsl: 1
inputs: {image: [16, 16, 16]}
cells:
  unit:
    graph:
      - branches:
          - - conv2d: {out_channels: x.channels, kernel_size: 3, padding: 1}
          - []
      - add
      - relu
graph:
  - unit:
    repeat: 12
""",
        """\
archdsl: 1
inputs: {image: [16, 16, 16]}
cells:
  unit:
    graph:
      - branches:
          - - relu
            - conv2d: {out_channels: x.channels, kernel_size: 3, padding: 1}
          - []
      - add
graph:
  - unit:
    repeat: 12
""",
        "arXiv:1603.05027, sections 2 and 4",
    ),
    "D0107": Code(
        "a transposed convolution that overlaps unevenly",
        "With a kernel that is no multiple of the stride, neighbouring outputs are sums of different numbers of "
        "products. The network draws a checkerboard that training can only reduce. Make the kernel a multiple of the "
        "stride, or enlarge the map with `interpolate` and convolve it.",
        """\
archdsl: 1
inputs: {image: [16, 8, 8]}
graph:
  - conv_transpose2d: {out_channels: 8, kernel_size: 3, stride: 2}
""",
        """\
archdsl: 1
inputs: {image: [16, 8, 8]}
graph:
  - conv_transpose2d: {out_channels: 8, kernel_size: 4, stride: 2}
""",
        "Odena, Dumoulin, Olah: Deconvolution and checkerboard artifacts, Distill, 2016, doi:10.23915/distill.00003",
    ),
    "D0108": Code(
        "the receptive field is smaller than the objects",
        "`archdsl lint --object-size 64` says that objects have up to 64 pixels. No element of any map sees so much "
        "of the input: the network can recognise parts only, and their average. Add layers, enlarge windows, dilate "
        "them, or reduce the resolution earlier.\n\n"
        "The number is the theoretical field; what really counts for a result is smaller.",
        """\
archdsl: 1
inputs: {image: [3, 128, 128]}
graph:
  - conv2d: {out_channels: 16, kernel_size: 3, stride: 2, padding: 1}
  - conv2d: {out_channels: 32, kernel_size: 3, stride: 2, padding: 1}
  - global_avg_pool2d
""",
        """\
archdsl: 1
inputs: {image: [3, 128, 128]}
graph:
  - conv2d: {out_channels: 16, kernel_size: 3, stride: 2, padding: 1}
  - conv2d: {out_channels: 32, kernel_size: 3, stride: 2, padding: 1}
  - conv2d: {out_channels: 64, kernel_size: 3, stride: 2, padding: 1}
  - conv2d: {out_channels: 64, kernel_size: 3, stride: 2, padding: 1}
  - conv2d: {out_channels: 64, kernel_size: 3, stride: 2, padding: 1}
  - conv2d: {out_channels: 64, kernel_size: 3, padding: 1}
  - global_avg_pool2d
""",
        "Araujo, Norris, Sim: Computing receptive fields of convolutional neural networks, Distill, 2019, "
        "doi:10.23915/distill.00021",
    ),
    "D0109": Code(
        "steps that no output depends on",
        "The result of these steps is read by nobody, in inference nor in training. They take time and memory, and "
        "their weights are never trained. Often a `from` was forgotten. The passes of the compiler remove such steps; "
        "the file still says what is not meant.",
        """\
archdsl: 1
inputs: {image: [3, 32, 32]}
graph:
  - conv2d: {out_channels: 16, kernel_size: 3, padding: 1}
    name: features
  - conv2d: {out_channels: 64, kernel_size: 3, padding: 1}
  - global_avg_pool2d:
    from: features
""",
        """\
archdsl: 1
inputs: {image: [3, 32, 32]}
graph:
  - conv2d: {out_channels: 16, kernel_size: 3, padding: 1}
  - conv2d: {out_channels: 64, kernel_size: 3, padding: 1}
  - global_avg_pool2d
""",
        "Aho, Lam, Sethi, Ullman: Compilers, 2nd edition, section 9.1.6",
    ),
    "D0110": Code(
        "values that nobody reads",
        "An input of the network, or a part of a `split` or `chunk`, is not read by any step that an output depends "
        "on. What was computed for it is lost. Read it, or do not make it: `slice` takes one part.",
        """\
archdsl: 1
inputs: {image: [16, 32, 32]}
graph:
  - chunk: {chunks: 2}
    name: [kept, dropped]
  - conv2d: {out_channels: 16, kernel_size: 3, padding: 1}
    from: kept
""",
        """\
archdsl: 1
inputs: {image: [16, 32, 32]}
graph:
  - chunk: {chunks: 2}
    name: [kept, changed]
  - conv2d: {out_channels: 8, kernel_size: 3, padding: 1}
    from: changed
    name: made
  - concat:
    from: [kept, made]
""",
        "Aho, Lam, Sethi, Ullman: Compilers, 2nd edition, section 9.2.5",
    ),
}
