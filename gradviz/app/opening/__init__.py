"""From nothing to a window with everything in its place.

actions     The menus: one table of actions with their shortcuts, the single source for menu, help and docs/keys.md
assembling  Wires the window: views, session, run and preferences
menus       The menus of the window, and what of them changes while it is open
owners      Who does what a menu offers
startup     From nothing to a window: first something to see, then pyqtgraph, then torch in the training thread
"""
