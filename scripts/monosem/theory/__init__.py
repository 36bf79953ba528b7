"""Questions of the discussion around the paper, each a small computation of its own; none needs a trained model."""
