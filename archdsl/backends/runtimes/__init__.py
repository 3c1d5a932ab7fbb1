"""Runtimes that execute an ONNX model: ONNX Runtime and OpenVINO, each behind one small class.

A session is made of a model in memory and runs on arrays that somebody else owns: it reads the inputs where they lie
and writes the outputs where it is told. Nothing here imports torch, and neither runtime is imported before it is used.
"""
