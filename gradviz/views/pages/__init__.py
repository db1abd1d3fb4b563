"""A graph as a file that anything else opens: text, made without Qt.

dot     A graph in the language of Graphviz, which then lays it out
page    A graph as one HTML page that needs no network and no server: pan, zoom, fold, find, and the card of each node
raster  An SVG as PNG or PDF, by Qt without a display
svg     A drawing as SVG, which every browser and most editors show
"""
