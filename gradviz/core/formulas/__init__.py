"""Formulas: text into a syntax tree of our own, and its derivative in symbols.

activation_functions   Functions of a formula that networks have between their layers, as torch.nn.functional has them
arguments              The arguments of a call, by position and by the keywords that torch has for them
array_walk             A formula's syntax tree over arrays of objects: sympy's expressions, or numbers of many digits
constants              The value of an expression of nothing but numbers, in double precision
corrections            What to write instead: the sentence for everything that Python's grammar has and a formula has
                       not
elementwise_functions  Functions of a formula that take one tensor element by element
exact_functions        What the functions of a formula are made of in numbers of many digits: mpmath's, under the names
                       of `symbol_functions`
exact_slopes           The slope of a formula to the left and to the right of a number, in so many digits that a step
                       crosses no kink
fitted_columns         What a formula fits: the column of data that it compares with a prediction, and the columns that
                       this is made of
formula                The formula language: a few lines ``name = expression`` to a syntax tree of our own
formula_function       What a function of a formula is: one record that torch, scripts, derivatives and symbols all read
functions              The functions that a formula may call
generated_tensors      Tensors of a formula that are not typed number by number: drawn from the seed, or of a regular
                       shape
graph_functions        Functions of a formula that are about the graph: they cut it, begin it, or have no gradient at
                       all
more_functions         More functions of a formula that take one tensor element by element: inverses, roundings, units
                       of angles
pair_functions         Functions of a formula that take two or three tensors element by element
reader                 One expression of a formula: Python's `ast` splits the text, and a whitelist turns its nodes into
                       our own
scalar_formula         A formula of one number as a plain Python function: what a schedule says about its step
special_functions      Functions of a formula that mathematics calls special: of the normal distribution, gamma and
                       Bessel functions
suggestions            What somebody may have meant: the nearest known name, and what to write for functions that a
                       formula has not
symbol_functions       What the functions of a formula are made of in symbols: sympy expressions over numpy object
                       arrays
symbol_values          The value of a sympy expression at a point: a walk of our own, in 80 digits, into a double
symbols                Derivatives in symbols: a formula's own syntax tree as sympy expressions, differentiated by sympy
syntax                 The syntax tree of a formula: what an expression, a line and a whole formula are
tensor_functions       Functions of a formula that take a tensor as a whole: reductions, those along a dimension, and
                       the transpose
text                   The text of a formula before it is parsed: look-alike characters made plain, and anything slow or
                       deep refused
typed_numbers          Numbers as people paste and type them: a column of a sheet, a row with commas, what numpy or
                       torch prints
walk                   What stands in an expression of a formula: its operands, the names that it uses, the functions
                       that it calls
work                   The shapes of a formula's values, and the memory and time that they take, before anything is
                       evaluated
written                A syntax tree as the text of a formula again, with the brackets that it needs and no others
"""
