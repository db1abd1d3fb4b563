"""The graph of one evaluation: captured, and laid out.

capture  One evaluation watched: the graph that autograd built, with the value and the gradient at every node
"""
