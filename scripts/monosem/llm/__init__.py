"""Language models as a service: questions, clients, a cache of everything paid for, budgets, failures by name.

questions holds what is asked and what can come of it; clients speaks to servers through their official SDKs, to each in
its dialect (dialects), over a line that lets no secret through (wire, keys); replies and answers read what comes back,
ledger keeps it and counts money, asking puts all together with retries; flags is the command line of that.
"""
