"""The Open Inference Protocol v2: tensors to rows, and back."""
