"""Why a run stopped: the causes of a loss or a gradient that is no number any more.

any_end               A run that ended for none of the other causes: what is seen, and smaller steps where they help
deliberate            The mistake that an optimiser makes on purpose is what ended it
empty_denominator     An optimiser without an epsilon divides 0 by 0, where a gradient is exactly 0
hand_gradient         The gradient by hand is not that of the loss: a sign, a factor, or a part is wrong
infinite_slope        The loss is a number and its gradient is not: a root at its minimum, or a branch that where(...)
                      leaves out
negative_rate         A schedule that has taken the rate below 0: from there on the steps climb
no_bottom             The loss has no minimum that way: it falls for ever, or climbs for ever where it is maximised
not_finite            A part of a formula, or a layer, whose numbers are too large, or do not exist: named with its
                      element
rate_above_curvature  Steps grow where the learning rate is above 2/curvature: each overshoots by more than the one
                      before
rate_of_layer         A layer has a learning rate of its own, and that is too large: as the optimiser has it, the run
                      goes well
smaller_steps         Smaller steps as advice, tried: how far down the rate has to go so that a run stays where its loss
                      is a number
"""
