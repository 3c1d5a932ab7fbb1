"""Elaboration compiled: the steps of one file made into closures once, for spaces whose candidates are many.

What it gives is what `tally` gives. It does the plain things fast and nothing else: a file that needs more is
`Unsupported` when it is compiled, and where a candidate does something unusual, right or wrong, the run is given up
(`Doubtful`) and whoever asked goes the long way. So there is no message to word and no place to remember here.
"""
