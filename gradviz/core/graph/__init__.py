"""The graph that autograd built, as values.

measures        One number for each node of a graph: what a person looks for and colours by
own_numbers     Numbers of a person's own for the nodes of a graph, by what the graph calls them
reach           What leads to a node and what follows of it, over arrays and without recursion
search          Nodes found by what they are called, where they are, their shape, or what is odd about their gradient
tensor_summary  A tensor as it was at one step, small enough to leave the engine, and how it is written for a person
"""
