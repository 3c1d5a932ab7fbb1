"""The canonical text form of a graph: prints and parses back, for reading, golden tests and reports.

One line for each thing, numbered in topological order:

    graph "tiny" {
      scope $0 "tiny"
      %0 = input "image" : [N, 3, 8, 8]
      scope $1 "conv_act" in $0 at "conv_act[0]" round "round 1 of 2"
      %1 = conv2d(%0) {out_channels = 4, kernel_size = [3, 3]} at "conv_act[0]/conv2d" in $1 : [N, 4, 6, 6]
      %2 "a", %3 "b" = chunk(%1) {chunks = 2, dim = 0} at "chunk" in $0 : [N, 2, 6, 6], [N, 2, 6, 6]
      output "left" = %2
    }

A scope stands before the first node in it, its parent before it. The text behind a value's number is the name that
the file gives it. Attributes are canonical (`half` is printed as numbers); spans are not printed.
"""

from archdsl.ir.text.parser import parse_graph
from archdsl.ir.text.printer import canonical_attributes, print_attributes, print_graph

__all__ = ["canonical_attributes", "parse_graph", "print_attributes", "print_graph"]
