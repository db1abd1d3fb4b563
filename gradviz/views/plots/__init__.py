"""Curves and fits.

class_table  The table of classes: how many rows of each class got which answer
curves_view  Loss curves: every step, linear or log, drawn from the pyramid of the history; those of rows held out are
             dashed
fit_plot     The plot of a fit: points with curves, the plane with its points, or prediction against target
fit_view     Data and prediction in one picture
"""
