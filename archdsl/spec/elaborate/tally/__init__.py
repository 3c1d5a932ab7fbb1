"""Elaboration that builds nothing and adds up: what a candidate decides and costs, remembered by cell call."""
