"""What surrounds the panes: run bar, messages, dialogs.

about_dialog  About gradviz: its version, those of what it runs on, and the licence of every component
log_window    A log to be read, copied, and found in its folder
message_bar   One message that lies over the foot of the panes, with what can be done about it
run_bar       The bottom bar: reset, step back, run or pause, step, speed, timeline, step number, steps a second, time
              left
"""
