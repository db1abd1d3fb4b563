"""Curves and fits.

class_table  The table of classes: how many rows of each class got which answer
curve_key    The key above the curves: who is who, with the loss of the step; it never lies upon a curve
curves_view  Loss curves: every step, linear or log, drawn from the pyramid of the history; those of rows held out are
             dashed
fit_plot     The plot of a fit: points with curves, the plane with its points, or prediction against target
fit_view     Data and prediction in one picture
"""
