"""Panes: one module each, with its key, place, maker and connections.

bench       The pane Bench
code        The pane Code
curves      The pane Curves
experiment  The pane Experiment
fit         The pane Fit
gallery     The pane Gallery
graph       The pane Graph
lesson      The pane Lesson
pane        What a pane is: its key, title and place, who makes it, and what is connected to it; and all of them
            together
parameters  The pane Parameters
script      The pane Script
surface     The pane Surface
"""
