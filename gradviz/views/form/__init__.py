"""The settings form, made from the declarations.

editor        What every editor of the form is: a widget that shows one plain value, and says when its user has changed
              it
editors       One widget for each kind of setting: each shows a plain value, and says when the user has changed it
form          The settings form, made from the declarations alone: it knows no field by name
form_data     What the form reads off the plain data of an experiment: its structure, a value at a path, one more of a
              list
table_fields  Editors of the form for what belongs to a table: the table itself, and lists of names
"""
