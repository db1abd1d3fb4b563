"""What lies around a step: the surface, its basins, the fit.

basins            Basins of attraction: the same optimiser from many starts at once, and where each of them ends
fit_pictures      What a fit shows of the current step, small enough to be looked at many times a second
formula_pictures  What a formula with columns of data fits: the points, and what it predicts of them
framing           What part of a plane a picture frames: where the run stands, where it leads, and where it came along
plane             The plane, or the line, of parameter space that a picture is drawn over
survey            What an optimiser walks on: the loss over its two numbers, over its one, or over a slice through more
track             The recorded way of every optimiser, seen from above a slice
"""
