"""How days are written, by language; beside Django's own names, for `date` filters and
`date_format`. Every language has every name."""
