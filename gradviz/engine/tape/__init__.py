"""The graph of any loss: walked, watched, and its backward pass replayed.

assembly           The structure of a walked graph, in columns
columns            Tensors into columns of numbers: small ones copied together, the spread of large ones taken by torch
deep_graphs        Graphs so deep that torch would run out of stack when it frees them
local              Local derivatives: what an operation's node gives back for a gradient of 1, asked of the node itself
naming             Names of tensors: a model's dotted names, what the caller calls its variables, and what a mapping
                   says
objective_tracing  The graph of an experiment's loss at the parameters where it stands
passes             Passes through a graph, watched: what each frees and when, what a second one meets, the graph of the
                   gradient
remarks            What was done to the tensors of a graph: hooks, changes in place, and where constants were cut from
                   it
replay             One backward pass replayed, overheard at every node: the gradient of each, and what each passes to
                   its inputs
saved              What a node keeps for its backward pass: tensors with their bytes, and attributes such as an exponent
schemas            What torch calls the inputs of an operation, by the schema of the operator that its node belongs to
tracing            Any loss into a traced graph: what autograd built below it, and what flows through it
walk               The walk from losses down to the leaves, by a stack: a graph of any depth
watch              A forward pass watched: the value of every operation, its constants, its source line and its module
"""
