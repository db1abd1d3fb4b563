"""The graph that autograd built, as values.

snapshot        The graph at one instant: the numbers that flowed through it
structure       What autograd built: nodes, edges and their places, the same at every step of a run
tensor_summary  A tensor as it was at one step, small enough to leave the engine, and how it is written for a person
"""
