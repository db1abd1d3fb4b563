"""The window's side of a run: what was told by the engine, what is asked of it.

refresher    The refresh timer: drains the engine about 30 times a second, and draws the visible views together
run_control  The GUI thread's side of a run: what was told by the engine, and what is asked of it
speedometer  Steps a second, from the steps that were seen
"""
