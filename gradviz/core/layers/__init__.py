"""Layers of a model, and how their parameters start.

activations      Functions between the layers: elementwise ones, and the two softmaxes
catalogue        The catalogue of layers
dense            Layers of numbers in a row: the line of two scalars, Linear, and what only changes the shape
image            Layers of images and of channels along one axis: convolutions and poolings
initialisations  How parameters start
layer            What every layer offers: its shapes, its count of parameters, its module and the torch expression for
                 it
learning         How a layer learns: as the optimiser says, at a rate of its own, or not at all
modules          Modules that torch.nn lacks
regular          Layers that keep training in bounds: Dropout, BatchNorm, LayerNorm
sequence         Layers of sequences: Embedding, and the recurrent LSTM, GRU and RNN
torch_call       A class of torch.nn with its arguments: built by the engine, written down in a script, from one
                 declaration
"""
