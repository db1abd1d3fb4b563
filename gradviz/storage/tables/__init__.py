"""Tables as text: read and written.

csv_encoding  In which encoding a text was written, by its bytes
csv_reading   Reading CSV files and their kin: a generator that stops between any two hundred rows
history_csv   The history of a run as CSV, with every number exact
"""
