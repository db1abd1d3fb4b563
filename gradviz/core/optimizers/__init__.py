"""Optimisers, their schedules, and the mistakes that are made with them on purpose.

adaptive_optimizers  Optimisers that give every parameter a step of its own size
catalogue            Optimisers of torch.optim
clipping             Clipping: a gradient that is too large is made smaller before the update
cyclic_schedules     Schedules that go up and down between rates of their own, and may move the momentum against them
gradient_optimizers  Optimisers that follow the gradient itself, its sign, its curvature or its direction alone
hand_step            Gradient descent written out: the one optimiser that is not torch's
lane_names           What the optimisers of a race are called: by their kind, and by what tells those of one kind apart
mistakes             Mistakes that are made on purpose, each in one optimiser: what a learner forgets, to be seen and
                     compared
optimizer            What an optimiser is, and the settings that many share; the catalogue of them stands in
                     optimizers.py
plain_schedules      Schedules whose rate follows from the step alone, and the one that waits for the loss
schedule             What a schedule of the learning rate is; the catalogue of them stands in schedules.py
schedule_catalogue   Schedules of torch.optim.lr_scheduler
update_rule          What an optimiser does to one parameter, in the notation of formulas: what a form prints and a
                     script writes out
"""
