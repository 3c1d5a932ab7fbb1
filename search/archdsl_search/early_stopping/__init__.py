"""Early stopping: evaluations that fall behind are asked to return what they have. The same rule on every engine."""
