"""The commands `archdsl search ...`, found through the entry-point group `archdsl.commands`."""
