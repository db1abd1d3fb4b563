"""gradviz: see automatic differentiation and optimisation, in PyTorch's own numbers."""

__version__ = "0.3.0"
APP_ID = "org.gradviz.gradviz"
"""The name by which desktops know the program: its menu entry, its icon, its bundle."""
