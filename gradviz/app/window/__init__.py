"""The window: what is in it, and what it does when its user acts.

about              What the About window says
appearance         How the window looks: colours, the language of the lessons, layout, and how views show what they show
conflicts          What is asked before a file is saved that somebody else has changed or has open: theirs, mine, or
                   both
crash_reports      What the user is told of a session that ended unexpectedly, once; and the logs, whenever they are
                   asked for
data_entry         Data of one's own: importing a file, and editing a table; each ends in one edit that can be undone
documents          Opening, saving and exporting: the document's way to and from the disk, with the questions and
                   messages
errands            The one errand of the window at a time, such as reading a file: its progress, Cancel, and its end
explaining         Why a run stopped or stands still, across the top of the window, with the advice as a button where it
                   is an edit
focus              The keyboard never goes to what nobody sees: there keys would be swallowed in silence
main_window        The main window
placement          Where a window stands: on a screen that is there, no larger than it, with a title bar that can be
                   reached
places             Where the panes stand in a window that nobody has arranged yet: each says its own place, this puts
                   them there
run_saver          The run, saved beside the journal now and then: asked of the engine, and written in a thread of its
                   own
scripting          Scripts of the open document: made anew at every edit for the code pane, copied, exported
session            The session: the open document, its undo, its file
shares             How the panes share the window when its size changes: the left column keeps its width, the others
                   their shares
window_controller  What the window does when the user acts: the one place where session, run, documents and widgets meet
work_keeper        Keeps the work of the window where a crash, kill -9 or a hang does not reach it
work_offer         The question at the start about work that sessions left which are over: take it up, discard it, or
                   ask later
"""
