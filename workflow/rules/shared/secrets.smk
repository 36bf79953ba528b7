"""A key in the config is refused before anything shows the config, and is not shown by the refusal either."""

import re

SECRET = r"^(api[_-]?)?key$|secret|passw|bearer|authori[sz]ation|^(auth|api|access)[_-]?token$"
NO_NAME = r"(?!^[A-Za-z_][A-Za-z0-9_]*$)|^(?=.*\d)(?=.*[a-z]).{20,}$"  # a key may have the form of a name, too
NO_SECRETS = {  # names of entries, what their values must not hold, and what to do
    SECRET: ("", "a key is never in the config; put it into an environment variable, and its name into key_variable"),
    "^key_variable$": (NO_NAME, "the name of an environment variable expected, which holds the key"),
    "^url$": ("//[^/]*@|[?#]", "a user, a password or a query in it; give the server's address alone"),
}


def refuse_secrets(entry, where):
    for name, value in entry.items() if isinstance(entry, dict) else ():
        refuse_secrets(value, f"{where}.{name}")
        for names, (values, what) in NO_SECRETS.items():
            if isinstance(value, str) and re.search(names, str(name), re.IGNORECASE) and re.search(values, value):
                raise ValueError(f"config {where}.{name}: {what}")


refuse_secrets(config.get("autointerp"), "autointerp")
