"""Why a run stands still: the causes that lie in its steps.

clipping_holds  Clipping holds the run back: the gradient is far larger than what is let through, and the steps are too
                short
lbfgs_at_rest   LBFGS makes no step more: its gradient or its change is below a tolerance
not_there_yet   Not converged yet: a long valley with a floor so much flatter than its walls that the steps hardly move
                along it
rate_gone       A rate of 0, from the start or because a schedule has taken it there: nothing moves any more
rate_too_small  A rate far too small: all steps go one way, and the whole run is a fraction of the way there
rounding        Steps that are rounded away: an update smaller than the next number that the precision has
schedule_rises  A cosine longer than half its wave: the rate comes down to its lowest point, and then rises again
swings          Steps that swing for ever: over the bottom and back, by as much as before
weight_decay    Weight decay pulls as hard as the loss does: the parameters rest where neither wants them
"""
