"""Passes of the inference form: they change what is computed, and with it the weights. One pass a file."""
