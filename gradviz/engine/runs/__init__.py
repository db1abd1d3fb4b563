"""A run as a whole: in its thread, from beginning to end, and again.

commands      What may be posted to the training thread
jobs          The one queue of questions that are worked at, between two steps and a slice at a time
mailbox       What crosses the boundary between the training thread and everyone else
record_queue  The records of a run on their way from the training thread to the one that draws, as plain numbers
replay        Run a saved run again, and say whether it matched bit for bit
runner        The one training thread and its mailbox: `post`, `drain`, `newest` and `close` are all that cross the
              boundary
whole_run     A run from its first step to its last, in the thread that calls: what the command line does
"""
