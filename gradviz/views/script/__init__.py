"""The pane Script: a script written, run, and stepped through line by line.

code_editor     The editor of a script: line numbers, breakpoints in the margin, the line at work, lines with findings
find_bar        Find in a script: a line below it, that goes from place to place
finding_list    What is wrong with a script that was run: the error and the silent mistakes, each with a way to its line
output_panel    What a script printed up to a line, and the figures that it drew
scalar_curves   Curves of the numbers that a script's loops assign, without a word added to the script
script_place    Where the Script pane will stand: it is made when it is first painted, so that no start waits for it
script_state    What the Script pane shows, as a value; and what of a recording is drawn for it, by a pure function
script_view     A script: written, run, and stepped through line by line, forwards and back
step_bar        The bar below a script that was run: from line to line, from pass to pass, a speed, and a slider over
                all events
variable_rows   Variables as the rows of a table: what of each is written in which column, and which of it a line
                changed
variable_table  The table of a script's variables at one line; what the line changed stands out
"""
