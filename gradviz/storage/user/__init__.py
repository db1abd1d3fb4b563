"""What is kept for the user: preferences and logs.

crash_logs        Crash logs: each session of the program writes one, and takes it away when it ends well
folders           Where gradviz keeps what is its user's: preferences in one folder, crash logs in another
handed_graphs     A graph that one process hands to another: text and arrays in a folder of its own, which whoever takes
                  it removes
left_logs         The logs that sessions left behind: which of them tell of an unexpected end that its user was not told
                  of
preferences       What the program remembers of its user
unfinished_saves  Where a save is under way: what a killed one leaves is removed at the next start, in whatever folder
                  it was
"""
