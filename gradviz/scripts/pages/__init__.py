"""Whole scripts, one kind a module.

hand_script        The dialects with an update by hand in a plain loop: NumPy, and PyTorch's autograd
race_script        Several optimisers of torch.optim over one start, one after the other: a function that trains, called
                   for each
script             Scripts of experiments: short ones that a person would have written, and that run on their own
tensorflow_script  The TensorFlow dialect: variables, a GradientTape, and the whole loop in a graph between two lines of
                   progress
torch_script       The dialects that hold a model in torch: nn and optim, and autograd with the update by hand over a
                   model
torch_sources      What the dialects of PyTorch train: tensors of a formula, or a model of layers, from their start to
                   the loss
"""
