"""The gradient bench.

bench_table  The table of the gradient bench: a row for each parameter and method
bench_view   The gradient bench: one gradient in several ways, compared, and an editor for the one by hand
"""
