"""The window: what is in it, and what it does when its user acts.

about              What the About window says
alone              One pane alone in the window, and all as they were before
appearance         How the window looks: colours, the language of the lessons, layout, and how views show what they show
conflicts          What is asked before a file is saved that somebody else has changed or has open: theirs, mine, or
                   both
crash_reports      What the user is told of a session that ended unexpectedly, once; and the logs, whenever they are
                   asked for
data_entry         Data of one's own: importing a file, and editing a table; each ends in one edit that can be undone
documents          The open document: opening another one, leaving it, going back, and what of it is unsaved
errands            The one errand of the window at a time, such as reading a file: its progress, Cancel, and its end
explaining         Why a run stopped or stands still, across the top of the window, with the advice as a button where it
                   is an edit
exports            What is written beside the document: the history of its run as CSV, and pictures of the views
focus              The keyboard never goes to what nobody sees: there keys would be swallowed in silence
main_window        The main window
placement          Where a window stands: on a screen that is there, no larger than it, with a title bar that can be
                   reached
places             Where the panes stand in a window that nobody has arranged yet: each says its own place, this puts
                   them there
recent_files       The files that were opened or saved last: kept in the preferences, shown in the gallery
run_saver          The run, saved beside the journal now and then: asked of the engine, and written in a thread of its
                   own
saving             Saving the document: where it stands or under a new name, with its run, and the questions before
                   anything is lost
script_desk        The script that a person writes or opens: its file, its consent, and its run in a child process
scripting          Scripts of the open document: made anew at every edit for the code pane, copied, exported
session            The session: the open document, its undo, its file
shares             How the panes share the window when its size changes: the left column keeps its width, the others
                   their shares
weight_files       Weights to and from files of their own: a run begins with what is read of them
window_controller  What the window does when the user acts: the one place where session, run, documents and widgets meet
work_keeper        Keeps the work of the window where a crash, kill -9 or a hang does not reach it
work_offer         The question at the start about work that sessions left which are over: take it up, discard it, or
                   ask later
"""
