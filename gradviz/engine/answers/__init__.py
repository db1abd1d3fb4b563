"""Answers: one generator for each kind of question, in the module of the same name as the question's.

answering    From a question to its answer: the generator that is registered for its kind, advanced in slices or run to
             its end
basins       The map of basins
bench        The gradient bench at the current step
devices      The devices that this machine's PyTorch reports
explanation  Why the run stopped or stands still: the evidence is gathered once, and every cause is asked in its turn
fit          Data and prediction of the current step
moment       The moment that a question is about: a trainer between two steps, and what is kept from one question to the
             next
parameters   The table of parameters of the current step
place        Where each optimiser stands at the current step
result       The run so far
start        What the experiment of a run starts from
surface      The surface of the run
trace        The traced graph of the current step: one watched evaluation, after which the run is as it was
"""
