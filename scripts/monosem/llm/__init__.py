"""Language models as a service: questions, clients, a cache of everything paid for, budgets, failures by name.

questions holds what is asked and how an answer is read, clients speaks to servers through their official SDKs, ledger
keeps answers and counts money, asking puts them together with retries; flags is the command line of all that.
"""
