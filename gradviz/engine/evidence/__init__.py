"""Evidence: what is known of the end of a run, gathered once for all causes that may explain it.

curvature          The curvature of a loss: its second derivatives, from autograd through autograd
evidence           What is known of one optimiser's end: its first step, its last ones, and an objective of its own to
                   ask
formula_parts      Every part of a formula with its numbers: where the first one that is no finite number comes from
formula_rewriting  Formulas that stay finite: the part that does not, kept within bounds, as an edit of the text
layer_parts        The layers of a fit with what goes through them: outputs and gradients of one evaluation
numbers            Numbers for advice: rates that a person would type
rays               Whether a loss falls for ever: asked along the way that a run has taken, ever farther
reasoning          What every cause of a run's end is: a class in a module of its own, found by its folder
starts             Other initial values as advice: a little aside, or on the positive side, where an objective has them
                   written out
steady_rates       Learning rates: up to which a step of an optimiser comes nearer on a bowl, and the edits that set one
trials             Advice is tried before it is given: a few steps of the experiment as the advice would have it
"""
