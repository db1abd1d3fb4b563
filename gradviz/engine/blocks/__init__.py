"""Why nothing flows: the causes that lie in the model, its loss and its data.

bias_alone    Only the last bias learns: all weights start at 0, so that nothing passes a hidden layer, there or back
broadcasting  A column meets a row of one length: n times n pairs come of it, where n were meant
built_in      The last layer and the loss do not fit: softmax twice, or a likelihood of what are no log-probabilities
dead_units    Dead ReLUs: neurons that give 0 on every row, so that no gradient reaches what lies before them
equal_units   Neurons that start alike stay alike: equal weights get equal gradients, and a layer is as good as one
              neuron
flat_start    The gradient is exactly 0 where the run starts, and yet no minimum is there: a saddle, a plateau, a step
              function
saturated     Saturated neurons: sigmoid or tanh so far out that their derivative is next to 0, and nothing before them
              learns
unused        A parameter that the loss does not depend on: its gradient is None, not 0, and it never moves
"""
