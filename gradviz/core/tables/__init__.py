"""Tables: cells of a text, checked, as columns of numbers.

cells            The cells of a table as text, and the numbers in them: what is not plainly a number is named, never
                 guessed
column_names     The names of columns: from the rows that hold them, each one different from the others
column_profiles  What is seen of columns while they are read: texts, dates, signs of currency, and whether they count
                 the rows
delimited_text   Text whose lines are rows of cells: how it is written, and the cells of its rows
head_guess       Where the rows of a table begin, and which of the first ones hold names, guessed from what stands below
                 them
known_orders     The order in which a person would put some texts: days, months, sizes, grades; else that of numbers and
                 letters
moments          Dates and times in cells of text, as numbers: days, months, quarters or hours since the first of a
                 column
scalings         How the columns of a table are scaled before a model sees them
sheets           A sheet: what was read from a text of rows, with its bad cells counted and its texts kept, before it is
                 a table
tables           Tables of numbers with named columns: values of an experiment, told apart by what is in them
targets          What a table is to be fitted to: values of some columns, or the class labels of one
text_guess       How the rows of a text are written, guessed from its first lines: separator, decimals, comments, names
"""
