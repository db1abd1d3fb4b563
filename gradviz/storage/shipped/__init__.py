"""What comes with gradviz: its assets, gallery and licences.

assets    Where the files that come with gradviz lie: installed, packaged, or in the repository
by_name   An experiment by the name that a person gives: a file, or one of the gallery
gallery   The experiments that come with gradviz
licences  The components of gradviz and the texts of their licences
"""
