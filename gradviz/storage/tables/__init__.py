"""Tables as text: read and written.

csv_encoding        In which encoding a text was written, by its bytes
csv_reading         Reading CSV files and their kin: a generator that stops between any two hundred rows
history_csv         The history of a run as CSV, with every number exact
optional_libraries  Libraries that only some files need: imported when such a file is read, and named in a sentence
                    where missing
parquet_reading     Reading Parquet files, batch by batch, through arro3; columns of lists and structures are left as
                    text
readings            From rows of cells, wherever they come from, to readings: blocks into a sheet, with a share and a
                    fault told
table_reading       Reading a table out of any file that may hold one: rows of text, a workbook, a Parquet file
workbook_reading    Reading workbooks of Excel and OpenDocument: the cells of one sheet, as text, through python-
                    calamine
"""
