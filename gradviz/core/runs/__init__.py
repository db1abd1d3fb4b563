"""What a run leaves: records, history, result.

figures     What an evaluation of the rows held out gives, besides the loss of the step: the columns of a record's
            figures
history     All records of a run, and the pyramid that lets a curve of any length be drawn in milliseconds
records     The numbers of each step: what the training thread records, and in blocks hands over
result      What a run leaves for a file: typed values, each of which has one meaning
standings   Who is ahead in a race: the lowest round loss that anybody has reached, and who reached it at which step
state       Where a run stands
trajectory  The path of one optimiser, thinned by length: what a picture of it needs, at any number of steps
"""
