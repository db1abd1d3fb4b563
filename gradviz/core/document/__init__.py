"""What a person edits: the experiment, and what edits make of it.

consequence     What an edit means for the run that stands behind the document: nothing, a live change, or a new run
departure       What was exchanged since an experiment of the gallery was opened, so that its lesson tells about
                something else
document        The document: what a person opens, edits and saves, which is a lesson and the experiment that it is
                about
experiment      The experiment: everything that decides a run, and its digest, which is a run's identity
lesson          The lesson: case, title, hint and text of a document, by language
line_fits       A line through a table: the experiment that fits one, and the line in the units of its columns
memory          The memory that a fit or a formula will need, estimated before anything is built
misfit          What of a result does not fit its experiment, as far as it can be told without torch
pasted_columns  A column of numbers that is pasted in the place of one number to be trained: it is data, and not trained
remedies        What an edit changed besides what was edited, in words; and what would make a refused edit possible
scaling_data    How the columns of a table were scaled, and what they and the classes are called, to travel with the
                weights
table_fits      The experiment or the document that fits a table: as much of the one before as can be kept
with_mistake    An experiment beside the same with a mistake in it
"""
