"""What autograd recorded of any loss, as values: structure, numbers and folding.

captions        How the nodes and edges of a traced graph are called in a picture, in short
drawing         Where a folded graph lies: the fourth of its values
folding         A graph with some groups open: a smaller graph, as a pure function of structure, groups and what is open
graph_data      A traced graph as plain data: what `gradviz graph --json` prints and a .json file holds
grouping        What can be folded into one box: calls of modules, repetitions, and what a person grouped by hand
heat_map        A tensor as a heat map: colours around 0, with NaN, infinities and what is beyond the colours marked
ledger          What flowed through a graph: values, gradients, and what each edge passed back
node_card       All that is known of one node, line by line: what its card says
plain_graph     A traced graph as text and arrays and back, with nothing lost but the pattern of its note: how it
                crosses to another process
repetition      Repetition in a sequence: 500 equal steps of a recurrent net, 12 equal blocks of a transformer
structure       What autograd built, in columns: operations, uses of leaves, constants, and the edges between them
tensor_numbers  The numbers of a tensor as they were: every entry of a small one, the spread of any, and columns of many
                tensors
"""
