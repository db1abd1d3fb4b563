"""What happens in a step: the gradient, the update, the loop.

back_propagation  Fits of plain layers as lines of formulas, with their gradient by back-propagation, layer by layer
clipping          Clipping by hand: the gradient of a rule made smaller, as torch.nn.utils does it
differentiation   The gradient of a formula by hand where nobody wrote it: the chain rule backwards through its lines
held_out          The rows held out in a script: the split, an evaluation of them in the loop, and early stopping
loops             What the scripts with an update by hand have in common: settings, state, scalars of a step, and the
                  update
rates             Whether the formula of a schedule has a finite rate for every step: where it has none the run stops
updates           The update of an optimiser by hand, with the rate that its schedule gives each step: what `loops`
                  writes out
"""
