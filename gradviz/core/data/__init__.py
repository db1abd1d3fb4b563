"""Datasets, and how a table becomes one.

batches          Batches: which rows of the data a step looks at
catalogue        The catalogue of datasets
class_datasets   Labelled points of the plane: blobs, two moons, spirals, circles
curve_datasets   Datasets of values: points on a line or a parabola, and the regression from ten inputs to two outputs
dataset          What every dataset offers: its shapes, its arrays, and the numpy lines that make the same
default_import   An import with everything as it is guessed: for the command line, and to begin a dialog with
features         Inputs made of columns: powers, products, sines, logarithms, and what stood some rows before
grids            A table while it is typed: names, roles and cells as text, every edit a new value, so that undo keeps
                 old ones
import_choice    What a person chooses before an import: a role for each column, how it is read, and what becomes of bad
                 cells
import_columns   A column of a sheet as numbers for a model: as they stand, as moments, as columns of 0 and 1, or in an
                 order
import_guess     What the columns of a file are at first: inputs, target or left out, and why
shaped_datasets  Small datasets whose rows have a shape: sequences, tokens, images
sheet_import     From a sheet, with its bad cells and texts, to a dataset: a choice worked out, and what will come of it
table_datasets   Data of one's own: a table typed, pasted or imported, with the columns that are inputs and target
validation       Rows held out for validation: none, a share, a share of every class, or those that a column of the
                 table names
"""
