"""The surface in three dimensions and from above.

axis_labels       Which labels of three axes are written, so that none stands upon another: fewer, evenly, rather than
                  crowded
contour_plot      The surface from above: contour lines, minima and paths
surface_geometry  From losses over a plane to a box that can be drawn, and back: heights, colours, ticks, picking
surface_picture   What a surface view shows, as a pure function of its state
surface_renderer  Draws the surface with OpenGL into a picture off the screen, with the depth of every pixel
surface_scene     The surface in three dimensions: a rendered picture, with ticks, minima and paths painted over it
surface_state     What a surface view knows and what its user chose, as a value; each thing that happens gives the next
                  one
surface_view      The surface view: three dimensions where OpenGL works, contours where it does not or is not wanted
"""
