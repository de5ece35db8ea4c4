"""Training and sampling with PyTorch. Only this package and the ONNX export import torch."""
