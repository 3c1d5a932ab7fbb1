"""Everything that is derived from the decisions in a space file: nothing here knows a particular space."""
