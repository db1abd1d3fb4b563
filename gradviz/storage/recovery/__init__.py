"""What keeps work from being lost by a fault: a journal of every edit, and what others did to a file.

changes     The difference of two plain values as a list of changes, so that an edit costs the journal some hundred
            bytes
file_stamp  What a file was when this window last read or wrote it: by that it is known whether somebody else changed it
journal     The recovery journal of a session: what its document was when it was last whole on disk, and every edit
            since
left_work   The work that sessions left behind which ended without a goodbye, and the removal of what is of no use any
            more
lines       Records as lines with a checksum: a line that a power cut has torn is known for what it is
"""
