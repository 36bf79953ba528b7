"""The scoreboard: findings of the paper, each beside what was measured here."""
