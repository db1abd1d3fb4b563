"""The settings form, made from the declarations.

anchor          What the pointer is at, or the cursor, stays where it is on the screen while the form around it changes
editor          What every editor of the form is: a widget that shows one plain value, and says when its user has
                changed it
editors         One widget for each kind of setting: each shows a plain value, and says when the user has changed it
entry           One entry of a list in the form: its name with what can be done to it, and its settings, which fold away
form            The settings form, made from the declarations alone: it knows no field by name
form_data       What the form reads off the plain data of an experiment: its structure, a value at a path, one more of a
                list
mending_button  A button below a refused text, for the edit that would make it good
message_room    The room at the foot of the form for its message: why an edit was refused, else what the field with the
                cursor is
open_entries    Which entries of the form's lists are open, while entries move, go and come
page            All fields of one set of settings, laid out: made from the declarations, and made anew where another set
                is shown
rows            The parts that the form is laid out of: rows whose labels are all of one width, lines of text, small
                buttons
table_fields    Editors of the form for what belongs to a table: the table itself, and lists of names
"""
