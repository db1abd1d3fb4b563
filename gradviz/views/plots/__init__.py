"""Curves and fits.

class_table   The table of classes: how many rows of each class got which answer
curve_key     What the key above the curves says: who is who, with the losses or scores of a step, who diverged, and
              where 0 is
curve_series  What the curves of a history are made of: blocks of values, on a linear or logarithmic axis, and how far
              it goes
curves_view   Loss curves: every step, linear or log, drawn from the pyramid of the history; those of rows held out are
              dashed
fit_plot      The plot of a fit: points with curves, the plane with its points, or prediction against target
fit_view      Data and prediction in one picture
"""
