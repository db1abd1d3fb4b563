"""The computation graph.

graph_painter   How nodes and edges of a graph are painted, at every zoom
graph_view      The computation graph, drawn by one self-painted item: a graph of any size, at any zoom
node_lettering  How large a node's text is at a zoom: never smaller on the screen than can be read, and only as many
                lines as fit
"""
