"""What comes with gradviz: its assets, gallery and licences.

assets    Where the files that come with gradviz lie: installed, packaged, or in the repository
gallery   The experiments that come with gradviz
licences  The components of gradviz and the texts of their licences
"""
