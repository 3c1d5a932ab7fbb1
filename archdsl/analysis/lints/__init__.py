"""Lints over the graph: the cost guidelines of ShuffleNetV2 (G) and rules of design (D), each with its source."""
