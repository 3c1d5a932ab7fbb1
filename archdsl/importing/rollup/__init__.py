"""From a graph to the text of a spec: branches, cells and loops are found where they say exactly the same."""
