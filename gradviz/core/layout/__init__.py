"""Where a graph is drawn, as pure functions of its nodes and edges.

coordinates  The x of every vertex of a layered graph: straight where it can be, slanted where straight ways drift apart
layering     Layers of a directed acyclic graph, with waypoints where an edge passes a layer by (Sugiyama et al. 1981)
ordering     The order of the vertices within each layer, with few crossings, and which edges can then be vertical
placement    A layered drawing of a directed acyclic graph of any size, as values (Sugiyama et al. 1981)
reinsertion  Long edges taken out of an order and put back where they cross least, which moving single vertices cannot
             find
routes       The ways of the edges: out of a box at its bottom, upright past every layer, into a port at the top of a
             box
slanting     Coordinates without straight ways: each layer as near its neighbours as the boxes let it, by isotonic
             regression
wrapping     A tall drawing cut into columns that stand side by side, as text is set in a newspaper
"""
