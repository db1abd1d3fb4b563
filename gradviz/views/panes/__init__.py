"""Single panes: code, lesson, parameters, gallery.

code_view       The experiment as a script in the dialect that is chosen: read, copied, saved
gallery_view    The gallery: the cases as cards, and the files opened last
lesson_view     The lesson of a document: what to look at, what to change, what to expect
parameter_view  The table of parameters: values, gradients, and what the optimiser keeps for each
"""
