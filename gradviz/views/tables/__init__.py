"""Tables that are typed or imported.

column_header  The head of a table's columns: name, role, and how many cells are bad
format_bar     How a file of rows is read: what was guessed of it, each guess in a box where its person can say
               otherwise
grid_model     A grid for a table view: the first row holds the names, the others the cells, the bad ones marked
import_dialog  The dialog that imports a file of rows: how it is read, what its columns are, and what will come out
preview_model  The first rows of a file for a table view: cells as they were written, with the bad ones marked
preview_table  The first rows of a file under the heads of its columns, and how their bad cells are counted in words
scaling_box    A combo box of the scalings of a table's columns
table_editor   A small spreadsheet for a table: type, paste, add and remove, undo; what is no number is marked
"""
