"""Declared objectives as torch computes them.

accumulated_fit  A fit whose every step adds up the gradients of several batches, one after the other, before the update
build            Experiments into objectives
fit_data         The data of a fit on its device: shared by all lanes, and dealt out batch by batch
fit_descent      The objective of a fit: a model of layers, its data and its loss
formula_descent  Objectives over parameters with names of their own: a test function of x and y, and a typed formula
formula_program  A formula's syntax tree as torch closures: no eval, no exec, no compile
formula_work     A formula whose values are too many for one evaluation is refused with the estimate, before it is
                 evaluated
initial_values   What an experiment starts from: its numbers as torch draws them, and whether its gradient by hand holds
                 there
model_modes      A model in another mode for a moment: as a pure function of its parameters, or in eval mode
objective        What is trained: named parameters and a differentiable loss over them
penalty_terms    The penalty of a loss as torch computes it: terms over the learned parameters of a model
scores           How good a prediction is, in one number: the coefficient of determination, or the share of right
                 answers
"""
