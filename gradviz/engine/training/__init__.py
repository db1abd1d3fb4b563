"""Training: an optimiser steps, is copied, sought and saved.

checkpoints   Copies of a lane's state to go back to: exact, for a seek gives the records of before, bit for bit
explanations  PyTorch's errors about graphs and gradients in plain words: what happened, and what to do next
lanes         Lanes: an optimiser with parameters of its own, its schedule, and what stopped it if anything did
memory_limit  The memory of this machine against what a run will need
saved_state   A lane as arrays with names, for a file, and back
trainer       The trainer: an experiment's optimisers, stepping side by side, one evaluation a step
versions      The versions that a run was made with
"""
