"""Geometry of the plots; the templates write it as SVG."""
