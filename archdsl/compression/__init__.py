"""Smaller and larger networks out of trained ones: each transformation gives a new spec and the weights for it.

`channels` knows which channels belong together, `resizing` builds the network with other numbers of them; `pruning`
and `widening` say which. `rewriting` replaces single nodes; `factoring` and `deepening` say with what. `compressed` is
what all of them give. They read and write weights as numpy arrays and need no torch of their own.
"""
