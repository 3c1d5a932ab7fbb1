"""A run for other programs to look at: TensorBoard, MLflow, W&B. Written by the driver, whichever engine is at work."""
