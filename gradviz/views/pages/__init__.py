"""A graph as a file that anything else opens: text, made without Qt.

dot  A graph in the language of Graphviz, which then lays it out
"""
