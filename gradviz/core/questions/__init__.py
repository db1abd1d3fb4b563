"""What views ask of the engine, and what it answers.

basins          Which start leads where
bench           What the gradient bench finds: one row for each parameter and method, and a verdict on each
bench_text      The bench in plain text: one table for the command line and for what is copied from the window
bench_verdicts  Verdicts: how a gradient that is wrong is wrong
devices         Where a run is, and where it could be
explanation     Why a run stopped or stands still: the sentences, the figures that each rests on, and what can be
                changed
fit             What a fit shows at one step: a curve, the plane, target against prediction, or a table of classes
parameters      Every parameter at one step: its value, its gradient, and what its optimiser keeps for it
place           Where each optimiser stands on the surface at one step, how high, and whether there is a loss at all
question        What a question is: a value that a view asks of the engine; and an answer, with what may come in its
                place
result          The result of the run so far, to be saved
start           What an experiment starts from
surface         The surface that an optimiser walks on
trace           The graph of one evaluation with its ledger, of any size
update          All that the engine has to say since the last time
"""
