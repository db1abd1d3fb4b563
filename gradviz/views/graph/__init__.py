"""The computation graph.

batches           Many lines, boxes or pieces of a picture in one call of QPainter, from numpy's own memory
box_numbers       The numbers in the boxes of a graph as text, in as many letters as have room: what is written anew at
                  each step
box_text          What the box of a node or of a closed group says, line by line
camera            Where a picture of a graph is looked at from, as a frozen value: zoom, pan and fit are functions of it
card_dock         The graph and the card of a node, side by side or one below the other
card_html         The card of a node or of a group as HTML: lines, histograms and the entries of tensors, coloured as a
                  heat map
edge_labels       What is written on the edges of a graph: upstream × local = passed on, and of vectors the shapes of
                  that product
edge_painting     Edges as curves with heads: all of one look as one path, which takes half the time of a path each
finding           How a person looks for nodes, and goes from one that was found to the next
folding_actions   What a person does to the groups of a graph: open, close, make and take apart, and how the graph lies
graph_arrays      A drawing in columns, made once a structure: what lies in a part of the scene is a comparison of
                  arrays
graph_canvas      What is to be seen of a graph, recorded or painted onto the labels that show it
graph_colours     What the boxes of a graph are coloured by, as a choice
graph_content     What a graph view shows: a graph, what is chosen and open of it, and what a debugger laid over it
graph_entries     The lines of the menu of a graph view
graph_keys        The keys of a graph view
graph_menu        What can be done with a graph, in one menu with the keys: for whoever does not know them
graph_painter     How what stays from step to step is painted, at every zoom: edges, boxes and titles
graph_parts       The parts of a graph view that its keys and its menu act on
graph_plane       The plane on which a graph is drawn: one self-painted widget that is moved and zoomed, with the map in
                  its corner
graph_state       What a person chose in a graph, as a frozen value, and what is to be drawn of it, as pure functions
graph_told        What a graph view shows, as values: for whoever cannot see it, and for tests
graph_view        The computation graph: what is asked of the engine, and who shows and changes what
heat_map          A tensor as a heat map, with index and value of the cell under the pointer, or where the arrow keys
                  went
minimap           The whole graph in a corner, with a frame around what is seen of it: press and drag to go elsewhere
node_card_panel   The docked card: all that is known of the chosen node, or of the one that is pinned
node_lettering    How large a node's text is at a zoom: never smaller on the screen than can be read, and only as many
                  lines as fit
number_painter    What changes in a picture of a graph from step to step: the numbers in the boxes and on the edges
overlay           What a debugger lays over the graph of a step, and how that stands out
overview_painter  A graph from afar, by arrays: 50,000 nodes in the time of a frame
placing_apart     A layout that is under way: where it is done, how far it is, and how to leave it
race_chooser      Whose graph is shown, in a race of optimisers
search_bar        Where a person types what to look for in a graph
shade_colours     The colours of numbers: from the ground to the accent, and that of a fault for what is not finite
stress            What stands out in a picture of a graph: the chosen node, and what was looked for or leads there
tensor_maps       The tensors of a node as heat maps, one at a time
title_atlas       Titles of nodes, each written once into one picture and copied from there: few words name many nodes
walk_bar          The bar below a graph that walks through it one node at a time: forwards as it was made, backwards as
                  it is run
walking           How a graph is walked: the bar, what it asks of the engine, and what it lays over the graph
"""
