"""Questions of the discussion around the paper, each a small computation of its own, of the run's models or of none."""
