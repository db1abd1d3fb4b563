"""Tables: cells of a text, checked, as columns of numbers.

cells           The cells of a table as text, and the numbers in them: what is not plainly a number is named, never
                guessed
delimited_text  Text whose lines are rows of cells: how it is written, guessed from its beginning, and split into cells
scalings        How the columns of a table are scaled before a model sees them
sheets          A sheet: what was read from a text of rows, with its bad cells counted and its texts kept, before it is
                a table
tables          Tables of numbers with named columns: values of an experiment, told apart by what is in them
targets         What a table is to be fitted to: values of some columns, or the class labels of one
"""
