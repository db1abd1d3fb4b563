"""The surface in three dimensions and from above.

axis_labels       Where the labels of three axes stand, and which are written: none upon another, a tick, an axis, or
                  the surface
contour_plot      The surface from above: contour lines, minima and paths
loss_curve_plot   The loss over the only number that is learned: the curve, the way along it, the point, and its tangent
run_marks         The marks of a run on its surface, and the legend that names them: where everyone stands, how high,
                  and how far off
scene_axes        The axes of the surface in three dimensions: their lines and ticks in the box, their labels in pixels
                  beside them
surface_geometry  From losses over a plane to a box that can be drawn, and back: heights, colours, ticks, picking
surface_picture   What a surface view shows, as a pure function of its state
surface_renderer  Draws the surface with OpenGL into a picture off the screen, with the depth of every pixel
surface_scene     The surface in three dimensions: a rendered picture, with ticks, minima and paths painted over it
surface_state     What a surface view knows and what its user chose, as a value; each thing that happens gives the next
                  one
surface_view      The surface view: three dimensions where OpenGL works, contours where it does not, and a curve over
                  one number
"""
