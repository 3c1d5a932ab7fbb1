"""What the rules of several families share: checks of operands, window arithmetic, broadcasting, gate orders."""
