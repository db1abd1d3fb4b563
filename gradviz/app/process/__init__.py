"""The process: its console, display, and what happens when it crashes.

application  The application as the desktop knows it: its name, its icon, and the files that are handed to it while it
             runs
console      What a process is usually born with, where it is missing: the three standard streams, a folder to stand in
crash        What becomes of a fault that nobody caught: the program goes on where it can, and a log of the session
             tells of it
display      Whether there is a display: without one, Qt aborts the process, which Python cannot catch
errand       An errand: slow work that is done a piece at a time in a thread of its own, while the window answers
leash        The window's end of its watchdog: it is started once there is something to guard, and told what
placing      The layout of a large graph, in a thread of its own: the training and the window go on
watchdog     The watchdog: a small process that outlives a hang of the window's, which may hold Python's lock for ever
"""
