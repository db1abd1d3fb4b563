"""Training: an optimiser steps, is copied, sought and saved.

checkpoints        Copies of a lane's state to go back to: exact, for a seek gives the records of before, bit for bit
explanations       PyTorch's errors about graphs and gradients in plain words: what happened, and what to do next
fitting            Whether a result fits the lanes that its experiment gives: asked of every part before anything is
                   restored
groups             Parameter groups: the learned parameters of an objective as torch's optimisers take them, and what
                   each group has
lanes              Lanes: an optimiser with parameters of its own, its schedule, and what stopped it if anything did
loss_scaling       Loss scaling for backward in float16, by torch's GradScaler: its numbers belong to the state of a
                   step
memory_limit       The memory of this machine against what a run will need
optimizer_fitting  Whether what a file holds of an optimiser is what torch keeps for it, and what its next step can use
saved_state        A lane as frozen values, for a file, and back
schedule_fitting   Whether the numbers of a schedule, and of the group that it writes, are those of this optimiser at
                   some step
trail              Where the optimisers came along: copies of all learned numbers, closer together the nearer they lie
                   to the start
trainer            The trainer: an experiment's optimisers, stepping side by side, one evaluation a step
turns              Turns at what torch has once for all: its random generator and its number of threads
versions           The versions that a run was made with
watch              Looks at the rows held out, for one optimiser: their loss and score, the best of them so far, and
                   early stopping
"""
