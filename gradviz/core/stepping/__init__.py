"""What was recorded of a script that was stepped through, as values: events, variables, the state at any of them.

building        A recording as it grows: events into chunks, chunks into fewer when a loop is thinned
catalogue       What Python's and PyTorch's errors mean and what to do: one record each, found by the words of the error
events          What one line of a script did, and the state that all lines up to one left
mistakes        Mistakes that raise nothing, pointed out at their line: one class each
recording       A recorded run: events in packed chunks with the state before each, so that any line's state is near
running_state   The state of a script as events go by, in the recorder's short form: what keyframes are made of
step_data       A recording as plain data: what ``gradviz step --json`` prints
step_text       A recording in lines of text: what ``gradviz step`` prints for a person
timeline        The events of a recording as columns, and where one goes from one of them: a pass on, over a call, to a
                line
variable_state  A variable as it was: shape, dtype, numbers or their summary, and what autograd said of it
"""
