"""From existing networks to specs: ONNX models and exported programs are read, rolled up and written as a file."""
