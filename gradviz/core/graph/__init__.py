"""The graph that autograd built, as values.

reach           What leads to a node and what follows of it, over arrays and without recursion
search          Nodes found by what they are called, where they are, their shape, or what is odd about their gradient
snapshot        The graph at one instant: the numbers that flowed through it
structure       What autograd built: nodes, edges and their places, the same at every step of a run
tensor_summary  A tensor as it was at one step, small enough to leave the engine, and how it is written for a person
"""
