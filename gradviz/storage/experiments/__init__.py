"""Experiment files and weights: read with care, written whole.

data_tensors     Large tables of an experiment, which travel beside its JSON as tensors named by their digest
experiment_file  Experiment files: a document as JSON, alone (.json) or in a safetensors file with its run (.gradviz)
header           The header of a safetensors file, checked in full before anything large is read or allocated
migrations       From older formats of the experiment file to the present one: one function per old version
misfits          The refusal of a result that does not fit its experiment, which can be opened without it
pieces           Reading in pieces: a generator that yields the share that is done, so that a window answers between two
                 of them
result_tensors   A typed result as tensors with names, for a file, and back
run_section      What a run leaves in a file, as JSON beside its tensors
script_file      A Python script that a person names or writes: its text, as Python would read it
state_dict       A state_dict as torch saves it, read without torch: what the archive declares is measured before a
                 number is read
strict_json      JSON as a file from a stranger deserves it: no key twice, no abyss, no number that hangs
tensor_bytes     The bytes of a safetensors file as arrays, once its header was found to be without fault
weights          Weights by themselves: as safetensors, or as a state_dict that torch.load reads (.pt)
"""
