"""A script stepped through in a child process: started, bounded, read, and ended.

child       The one child process: started in a session of its own, heard over a socket, and ended with all that it
            started
endings     How a script ended, in one sentence: by itself, by a signal, by a limit, or before it began
stepper     A script run line by line in a child, and what became of it: read, checked, and ended within its limits
validation  What came over the wire, looked at before it is believed: a script shares its process with the recorder
"""
