"""What views ask of the engine, and what it answers.

basins          Which start leads where
bench           What the gradient bench finds: one row for each parameter and method, and a verdict on each
bench_text      The bench in plain text: one table for the command line and for what is copied from the window
bench_verdicts  Verdicts: how a gradient that is wrong is wrong
fit             What a fit shows at one step: a curve, the plane, target against prediction, or a table of classes
snapshot        What was asked for, of one step
start           What an experiment starts from
surface         The surface that an optimiser walks on
update          All that the engine has to say since the last time
"""
