"""The window: what is in it, and what it does when its user acts.

about              What the About window says
actions            The menus: one table of actions with their shortcuts, the single source for menu, help and
                   docs/keys.md
appearance         How the window looks: colours, the language of the lessons, layout, and how views show what they show
assembling         Wires the window: views, session, run and preferences
crash_reports      What the user is told of a session that ended unexpectedly, once; and the logs, whenever they are
                   asked for
data_entry         Data of one's own: importing a file, and editing a table; each ends in one edit that can be undone
documents          Opening, saving and exporting: the document's way to and from the disk, with the questions and
                   messages
main_window        The main window
opening            From nothing to a window: first something to see, then pyqtgraph, then torch in the training thread
placement          Where a window stands: on a screen that is there, no larger than it, with a title bar that can be
                   reached
scripting          Scripts of the open document: made anew at every edit for the code pane, copied, exported
session            The session: the open document, its undo, its file
window_controller  What the window does when the user acts: the one place where session, run, documents and widgets meet
"""
