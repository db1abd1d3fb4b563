"""The gradient in several ways, compared.

advice             What in a formula is to blame, and what to write in its place: a root at 0, a small number beside a
                   large one
bench              The gradient bench: one gradient found in several ways, compared
comparison         One bench at work: every way to the gradient, in small parts, and the rows that come of it
excuses            Why a gradient may differ from the reference and still be no mistake: kinks, cuts, rounding, no value
                   there
findings           What was found of one parameter, and what follows for each of its elements: the slope, or why there
                   is none
finite_difference  Derivatives by central differences in float64, with an estimate of their own error, and kinks told
                   from curvature
gradients          The ways to a gradient that the bench compares: autograd backward and forward, a formula by hand,
                   symbols
many_digits        Slopes and gradients by hand in many digits, where the objective is a formula: for what float64
                   cannot tell
rounding_noise     What rounding does to a gradient, measured: the gradient at parameters that differ in their last
                   digit
rows               From what was found to rows: what may differ, what does, and the verdict on it
"""
