"""A report as one HTML file: offline, without foreign parts, readable without scripts.

`page` fills the templates, `rows` packs the layer table, `drawings` colours the drawing by cost, `plots` has the
geometry of what is plotted. `templates` and `assets` hold what a browser reads.
"""

from archdsl.report.html.page import to_html

__all__ = ["to_html"]
