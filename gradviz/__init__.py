"""gradviz: see automatic differentiation and optimisation, in PyTorch's own numbers."""

__version__ = "0.2.0"
