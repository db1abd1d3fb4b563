"""What is minimised: test functions, formulas, fits.

autocast        Mixed precision: what forward pass and loss of a fit are computed in
catalogue       The three kinds of objective: a test function, a typed formula, and a fit of a model to data
declared        What every kind of objective tells before it is built
fit             The fit: a model of layers, fitted to data under a loss, batch by batch
fit_starters    A first model for any data, and fits brought back into shape when their data, loss or a layer's kind
                changes
losses          Losses
penalties       Penalties: what is added to a loss for large weights
stopping        When a fit ends before its last step: never, or early, once the loss of the rows held out no longer
                improves
test_functions  Test functions of two variables with known minima
"""
