"""The emotion of very many files, on several processes or machines."""
