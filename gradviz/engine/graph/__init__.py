"""The graph of one evaluation: captured, and laid out.

capture   One evaluation watched: the graph that autograd built, with the value and the gradient at every node
layering  Layers of a directed acyclic graph, with waypoints where an edge passes a layer by (Sugiyama et al. 1981)
layout    A layered drawing of a directed acyclic graph, top-down (Sugiyama et al. 1981; Brandes and Köpf 2001)
ordering  The order of the vertices within each layer, with few crossings, and which edges can then be vertical
"""
