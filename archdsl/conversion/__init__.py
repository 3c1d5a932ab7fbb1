"""Foreign checkpoints onto a network: which of their tensors is which of ours, by shape, by graph and by order."""
