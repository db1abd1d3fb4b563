"""What autograd recorded of any loss, as values: structure, numbers and folding.

backward_pass   What a backward pass did, as torch was seen to do it: what it freed, what a second one met, the
                gradient's graph
backward_walk   A graph one node at a time: forwards as it was made, then backwards in the order in which torch's engine
                ran it
captions        How the nodes and edges of a traced graph are called in a picture, in short
drawing         Where a folded graph lies: the fourth of its values
folding         A graph with some groups open: a smaller graph, as a pure function of structure, groups and what is open
graph_data      A traced graph as plain data: what `gradviz graph --json` prints and a .json file holds
grouping        What can be folded into one box: calls of modules, repetitions, and what a person grouped by hand
heat_map        A tensor as a heat map: colours around 0, with NaN, infinities and what is beyond the colours marked
ledger          What flowed through a graph: values, gradients, and what each edge passed back
node_card       All that is known of one node, line by line: what its card says
plain_graph     A traced graph as text and arrays and back, with nothing lost but the patterns of its words: how it
                crosses to another process
refusals        What PyTorch says when it refuses a backward pass, explained: its own sentence stays, and ours says what
                to do
remarks         What was done to a tensor besides computing it: hooks, changes in place, and where it was cut from the
                graph
repetition      Repetition in a sequence: 500 equal steps of a recurrent net, 12 equal blocks of a transformer
row_texts       The numbers of many rows of a column in short, at once: what a live picture writes anew at every step
structure       What autograd built, in columns: operations, uses of leaves, constants, and the edges between them
tensor_numbers  The numbers of a tensor as they were: every entry of a small one, the spread of any, and columns of many
                tensors
walk_events     What happens at each position of a walk through a graph: the parts of the walk, and the events of a pass
walk_graph      The graph as it stands at one position of a walk: what is not there yet is absent, and not 0
walk_words      What happens at a position of a walk, in words: for the bar under the graph, and for whoever cannot see
                the graph
"""
