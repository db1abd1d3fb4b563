"""The computation graph.

batches           Many lines, boxes or pieces of a picture in one call of QPainter, from numpy's own memory
edge_painting     Edges as curves with heads: all of one look as one path, which takes half the time of a path each
graph_arrays      A drawing in columns, made once a structure: what lies in a part of the scene is a comparison of
                  arrays
graph_canvas      What is to be seen of a graph, recorded or painted onto the labels that show it
graph_painter     How nodes and edges of a graph are painted, at every zoom
graph_view        The computation graph, drawn by one self-painted item: a graph of any size, at any zoom
heat_map          A tensor as a heat map, with index and value of the cell under the pointer, or where the arrow keys
                  went
marks             What a person marked in a graph: the chosen node, what was found, and what leads to a node or follows
                  of it
minimap           The whole graph in a corner, with a frame around what is seen of it: press and drag to go elsewhere
node_details      All that is known of one node, as lines: what its tooltip says
node_lettering    How large a node's text is at a zoom: never smaller on the screen than can be read, and only as many
                  lines as fit
overview_painter  A graph from afar, by arrays: 50,000 nodes in the time of a frame
placing_apart     A layout that is under way: where it is done, how far it is, and how to leave it
search_bar        Where a person types what to look for in a graph
stress            What stands out in a picture of a graph: the chosen node, and what was looked for or leads there
title_atlas       Titles of nodes, each written once into one picture and copied from there: few words name many nodes
"""
