"""The command line.

basins_command  ``gradviz basins``: how many starts went to which minimum, in words, as JSON, and as a picture
cli             The command line: the same engine without a window
graph_command   ``gradviz graph``: the graph of an experiment's loss at a step, in words, as JSON, and as a file
held_out        What the command line says of the rows held out: the last evaluation, the best one, and early stopping
interruption    Ctrl+C and SIGTERM end a run between two steps, so that what was trained so far can be kept
names           The names of the commands, apart from the commands themselves, whose libraries a window must not wait
                for
open_window     The window, or the main job without one where there is no display
progress        The progress bar of the command line, on stderr
run_commands    gradviz without a window: train with a progress bar, report, replay
run_folder      What a run without a window leaves in a folder: history, experiment file, and a picture of every view
selftest        The self-test: a real window, 50 steps of every gallery experiment, a look at every view, and what menus
                offer
selftest_tasks  What the self-test does besides looking at views: scripts, a file saved and opened, a formula, a table
                and so on
speaking        What the command line says: a result on stdout, sentences for a person on stderr
step_command    ``gradviz step``: a script line by line without a window, in words or as JSON
table_commands  A table where an experiment is asked for: read with the import's defaults, and fitted by a line
"""
