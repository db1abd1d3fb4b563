"""What each operation of autograd does and how it is differentiated, in English and Chinese.

activations  Activations of neural nets, element by element
arithmetic   Arithmetic, element by element
entry        One entry of the glossary: an operation in plain words, in symbols and in a sentence
functions    Functions of one number, element by element
layers       Layers, losses and what belongs to autograd itself
lookup       The glossary by operation
operators    The operator that a node of autograd belongs to, by the node's name
shapes       Operations that move elements and compute nothing
sums         Sums, extremes and products of matrices
"""
