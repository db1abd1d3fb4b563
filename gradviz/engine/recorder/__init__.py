"""The child that runs a script line by line: plain Python of its own, for the Python that the user chooses.

__main__   Where the child begins: ``python path/to/recorder OPTIONS``, with nothing of gradviz on its path
calls      Calls of PyTorch's functions that a mistake shows in, seen by their code and told as plain facts
figures    Figures that the script draws with matplotlib: kept as PNG, without a display, without waiting for anybody
graph      Which nodes of autograd's graph the script's variables reach: added, spent by a backward pass, and gone
loops      Where the loops of a script stand, which pass of each is at work, and which passes are recorded
output     What the script prints, by Python and below it, and the answer to ``input()``: there is nobody
running    The script as Python itself would run it: its own name, folder, arguments and errors; and the word at its end
tensors    Tensors and arrays as plain values: numbers of small ones, a summary of large ones, and what autograd says of
           them
tracing    The trace function: every line of the script's own frames, and what each changed
variables  The variables of a script: looked at when a line has ended, and told where they changed
wire       The wire to gradviz: length-prefixed JSON of plain values, never a pickle
"""
