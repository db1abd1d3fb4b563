"""What views are made of: the theme, plots that paint without Python's lock, small widgets.

absence         Words in the place of a picture: why there is nothing to draw
bar_button      A flat button of a bar, reached by Tab, whose tooltip is its name
colours         The colours of heights, and of basins
icons           The icons of the run bar, drawn in the colours of the theme
lane_key        The key above a plot of a race: who is who, with a number; it never lies upon what is drawn
lanes           The sign of an optimiser wherever it is drawn: a colour of its own, and a shape for eyes that part
                colours less
live_dots       Points of a plot in one colour and one symbol, thousands at a time
number_axis     An axis of a plot, with ticks that differ and a title that has room
opengl          Whether OpenGL works here, found out before anything is rendered with it
picture_label   Painting that does not hold Python's lock
python_colours  Python in colours: keywords, texts, numbers, comments, names that are defined
quiet_plot      A pyqtgraph plot in two layers, both filled in without Python's lock (see picture_label.py)
readout         A text that changes many times a second without asking the window to be laid out again
speech          The one place where words become text in the window
table_columns   Columns that share the width of their table: what matters is seen whole, and nothing lies beyond the
                edge
theme           Colours and fonts, light and dark: the one place where a colour is chosen
tick_box        A check box whose tick is drawn, not loaded: crisp at any scale, and no picture to pack with the program
ticks           The ticks of an axis: round numbers in one notation, which differ and do not lie upon one another
view            What every view is: a widget that is given values and draws them
word_list       The list of a box that letters are typed at: they find any word of an entry, not only its beginning
"""
