"""Codes and reconstructions by dictionary_learning."""

from dictionary_learning.utils import load_dictionary
from files import folders, read, write

for folder in folders():
    dictionary = load_dictionary(str(folder), "cpu")[0].double()
    codes = dictionary.encode(read(folder, "inputs"))
    write(folder, codes=codes, recon=dictionary.decode(codes))
