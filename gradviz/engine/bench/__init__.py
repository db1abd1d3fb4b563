"""The gradient in several ways, compared.

bench              The gradient bench: one gradient found in several ways, compared
comparison         One bench at work: every way to the gradient, in small parts, and the rows that come of it
finite_difference  Derivatives by central differences in float64, with an estimate of their own error, and kinks told
                   from curvature
gradients          The ways to a gradient that the bench compares: autograd backward and forward, a formula by hand,
                   symbols
rounding_noise     What rounding does to a gradient, measured: the gradient at parameters that differ in their last
                   digit
rows               From gradients to rows: what may differ, what does, and the verdict on it
"""
