"""Graphs of anybody's loss, from Python and from the command line.

formats       A traced graph in every format that it can be saved in
functions     `gradviz.trace` and `gradviz.watching`; torch is loaded when one is called
graph         What `gradviz.trace` gives: an immutable graph that can be read, saved in many formats, and shown in a
              notebook
graph_window  A window of a process of its own, that holds one traced graph and nothing else
showing       `gradviz.show`: a traced graph in a window, which is a process of its own, so that whoever shows it goes
              on
"""
