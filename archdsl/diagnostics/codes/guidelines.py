"""Cost guidelines: G1 to G4 of ShuffleNetV2. The snippets are whole files; tests hold them against the rules."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

GUIDELINES: dict[str, Code] = {
    "G0101": Code(
        "channels in and out are unbalanced",
        "A convolution from a map of h x w to one of the same size, with c1 channels in and c2 out, takes "
        "B = h w c1 c2 multiply-adds (1x1) and moves h w (c1 + c2) + c1 c2 elements: both maps and the weights. With "
        "B fixed this is at least 2 sqrt(h w B) + B / (h w), reached where c1 = c2. A window of k elements and a "
        "stride change the bound to 2 sqrt(a1 a2 c1 c2) + k c1 c2, where a1 and a2 are the elements of one channel "
        "before and behind. The finding's number is the memory access over this bound.\n\n"
        "On devices where memory is the limit, the time follows the memory access, not the multiply-adds. The edit "
        "proposed is the pair of widths nearest to the bound at the same multiply-adds; neighbours change with it.\n\n"
        "Bottlenecks and expansions are unbalanced on purpose. Where accuracy pays for it, allow the code in the "
        "file, or raise the threshold: `--threshold G1=1.5`. Depthwise convolutions, and widths that the network's "
        "inputs and outputs dictate, are left out.",
        """\
archdsl: 1
inputs: {image: [3, 56, 56]}
graph:
  - conv2d: {out_channels: 36, kernel_size: 3, padding: 1}
  - conv2d: {out_channels: 432, kernel_size: 1}
  - conv2d: {out_channels: 36, kernel_size: 1}
  - global_avg_pool2d
  - linear: {out_features: 10}
""",
        """\
archdsl: 1
inputs: {image: [3, 56, 56]}
graph:
  - conv2d: {out_channels: 125, kernel_size: 3, padding: 1}
  - conv2d: {out_channels: 125, kernel_size: 1}
  - conv2d: {out_channels: 125, kernel_size: 1}
  - global_avg_pool2d
  - linear: {out_features: 10}
""",
        "arXiv:1807.11164, section 2, G1 and Table 1",
    ),
    "G0201": Code(
        "groups cost memory access",
        "With g groups the same multiply-adds buy sqrt(g) times as many channels. The maps grow by as much, and with "
        "them the elements moved; the weights do not. The finding's number is the memory access of the grouped "
        "convolution over that of an ungrouped one with 1 / sqrt(g) of the channels on both sides, which takes as "
        "many multiply-adds.\n\n"
        "More channels can be worth more accuracy. Choose the number of groups by measuring, not by multiply-adds. "
        "Depthwise convolutions are left out: no ungrouped convolution does their work.",
        """\
archdsl: 1
inputs: {image: [3, 56, 56]}
graph:
  - conv2d: {out_channels: 360, kernel_size: 3, padding: 1}
  - conv2d: {out_channels: 360, kernel_size: 1, groups: 8}
  - global_avg_pool2d
  - linear: {out_features: 10}
""",
        """\
archdsl: 1
inputs: {image: [3, 56, 56]}
graph:
  - conv2d: {out_channels: 127, kernel_size: 3, padding: 1}
  - conv2d: {out_channels: 127, kernel_size: 1}
  - global_avg_pool2d
  - linear: {out_features: 10}
""",
        "arXiv:1807.11164, section 2, G2 and Table 2",
    ),
    "G0301": Code(
        "a building block in many fragments",
        "A fragment is one convolution or pooling of a building block. A block of many small ones keeps a device "
        "with strong parallel computing waiting: each is launched and synchronised by itself. The finding gives "
        "their number, the longest chain and how many stand side by side, and the sizes of the convolutions.\n\n"
        "A building block is a part of a cell in which values flow side by side and come together again; cells "
        "called within it belong to it. Blocks that are nearly one chain are left out.\n\n"
        "Convolutions that read the same value through the same window can be one, whose result is split: that saves "
        "reading the value again, and the finding predicts how much. Otherwise use fewer and larger operations.",
        """\
archdsl: 1
inputs: {image: [64, 28, 28]}
graph:
  - branches:
      - - conv2d: {out_channels: 16, kernel_size: 1}
      - - conv2d: {out_channels: 24, kernel_size: 1}
        - conv2d: {out_channels: 32, kernel_size: 3, padding: 1}
      - - conv2d: {out_channels: 8, kernel_size: 1}
        - conv2d: {out_channels: 16, kernel_size: 5, padding: 2}
      - - max_pool2d: {kernel_size: 3, stride: 1, padding: 1}
        - conv2d: {out_channels: 16, kernel_size: 1}
  - concat
""",
        """\
archdsl: 1
inputs: {image: [64, 28, 28]}
graph:
  - branches:
      - - conv2d: {out_channels: 40, kernel_size: 3, padding: 1}
      - - max_pool2d: {kernel_size: 3, stride: 1, padding: 1}
        - conv2d: {out_channels: 40, kernel_size: 1}
  - concat
""",
        "arXiv:1807.11164, section 2, G3 and Table 3",
    ),
    "G0401": Code(
        "much memory access goes into element-wise steps",
        "Activations, sums, products, concatenations, channel shuffles, scales and normalisation do hardly any "
        "arithmetic and move as much as a convolution's maps. The finding's number is their share in the memory "
        "access of the network. Batch norm behind a convolution or linear layer folds into its weights and is not "
        "counted.\n\n"
        "There is one finding for a network; it points at the step that moves most, and predicts what leaving that "
        "step out in all its places would save. An inference engine that fuses activations into convolutions saves "
        "part of it by itself.",
        """\
archdsl: 1
inputs: {image: [64, 28, 28]}
graph:
  - relu
  - branches:
      - - conv2d: {out_channels: 64, kernel_size: 1}
        - relu
        - relu6
      - []
  - add
  - relu
  - scale
""",
        """\
archdsl: 1
inputs: {image: [64, 28, 28]}
graph:
  - conv2d: {out_channels: 64, kernel_size: 3, padding: 1}
  - batch_norm2d
  - relu
  - conv2d: {out_channels: 64, kernel_size: 3, padding: 1}
""",
        "arXiv:1807.11164, section 2, G4, Table 4 and Figure 2",
    ),
}
