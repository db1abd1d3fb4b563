"""Datasets, and how a table becomes one.

batches          Batches: which rows of the data a step looks at
catalogue        The catalogue of datasets
class_datasets   Labelled points of the plane: blobs, two moons, spirals, circles
curve_datasets   Datasets of values: points on a line or a parabola, and the regression from ten inputs to two outputs
dataset          What every dataset offers: its shapes, its arrays, and the numpy lines that make the same
grids            A table while it is typed: names, roles and cells as text, every edit a new value, so that undo keeps
                 old ones
shaped_datasets  Small datasets whose rows have a shape: sequences, tokens, images
sheet_import     From a sheet, with its bad cells and texts, to a dataset: what a person chooses, and what will come of
                 it
table_datasets   Data of one's own: a table typed, pasted or imported, with the columns that are inputs and target
"""
