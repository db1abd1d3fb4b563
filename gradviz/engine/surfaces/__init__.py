"""What lies around a step: the surface, its basins, the fit.

basins        Basins of attraction: the same optimiser from many starts at once, and where each of them ends
fit_pictures  What a fit shows of the current step, small enough to be looked at many times a second
survey        The surface that an optimiser walks on: the objective itself over two parameters, or a slice of it
"""
