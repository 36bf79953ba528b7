"""All that a person looks at in a web browser: the report, the feature browser, pages to rate on, and the live server.

Static pages but for the last; none needs a network.
"""
