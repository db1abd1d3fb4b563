"""How a dialect says things: names, expressions, tensors, the page that they stand on.

dialects     The dialects of an exported script: what each computes with, and how it writes a function of the formulas
expressions  A formula's syntax tree as Python source of one dialect
page         The page that a script is written on: lines that fit, the imports that they need, the helpers that they
             call
sketch       What a script computes, before any dialect: tensors, lines in the notation of formulas, their gradient
tensors      How each dialect writes the tensors of an experiment: numbers written out, or drawn from its seed
torch_calls  The classes of torch.optim and its schedulers as calls, with the keywords that are not torch's defaults
"""
