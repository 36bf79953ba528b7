"""Every answer that was paid for, and every attempt with its cost, in one SQLite file that outlives crashes and jobs.

Several jobs may use one file at once, on a file system with working locks. An attempt is written down at the most that
it can cost before it is sent, and corrected when the reply is there; so a budget holds for all jobs together, and a
killed job leaves its last requests counted at their most.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from monosem.llm.questions import Reply
from monosem.llm.replies import kept

WAIT_S = 60  # for another job that is writing
TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, question TEXT NOT NULL, reply TEXT NOT NULL, usd REAL NOT NULL, written TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, status TEXT NOT NULL, tokens INTEGER NOT NULL, usd REAL NOT NULL
);
"""


class Budget(NamedTuple):
    """Most to spend, over everything that the ledger has counted; None is no limit."""

    usd: float | None
    tokens: int | None


class Spent(NamedTuple):
    usd: float
    tokens: int


class OverBudget(Exception):
    """The next request could cost more than is left."""


class Ledger:
    """Use it from several threads; raises ValueError when the file is not one of these."""

    def __init__(self, path: Path, budget: Budget) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.budget, self.lock = path, budget, Lock()
        self.database = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
        try:
            self.database.executescript(TABLES)
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{path}: not a cache of answers ({error}); move it away or name another") from None

    def find(self, key: str) -> tuple[Reply, float] | None:
        """A reply and what it cost; None also where what is stored is no reply, so that it is asked for again."""
        with self.lock:
            row = self.database.execute("SELECT reply, usd FROM answers WHERE key = ?", (key,)).fetchone()
        try:
            reply = kept(json.loads(row[0])) if row else None
        except ValueError:
            return None
        return (reply, row[1]) if reply else None

    def spent(self) -> Spent:
        with self.lock:
            return self.total()

    def total(self) -> Spent:
        row = self.database.execute("SELECT coalesce(sum(usd), 0), coalesce(sum(tokens), 0) FROM attempts").fetchone()
        return Spent(*row)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Takes the file's write lock at once, so that what was read is still true when it is written."""
        with self.lock:
            self.database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.database.execute("ROLLBACK")
                raise
            self.database.execute("COMMIT")

    def reserve(self, key: str, most: Spent) -> int:
        """Write down an attempt at its most, and return its number. Raises OverBudget when that would be too much."""
        with self.transaction():
            spent = self.total()
            for unit, limit, used, more in zip(Budget._fields, self.budget, spent, most, strict=True):
                if limit is not None and used + more > limit:
                    raise OverBudget(f"{used:.6g} of {limit:.6g} {unit} are counted, and it may take {more:.6g} more")
            row = (key, "sent", most.tokens, most.usd)
            added = self.database.execute("INSERT INTO attempts (key, status, tokens, usd) VALUES (?, ?, ?, ?)", row)
            return added.lastrowid

    def settle(self, attempt: int, status: str, cost: Spent) -> None:
        with self.transaction():
            self.correct(attempt, status, cost)

    def correct(self, attempt: int, status: str, cost: Spent) -> None:
        row = (status, cost.tokens, cost.usd, attempt)
        self.database.execute("UPDATE attempts SET status = ?, tokens = ?, usd = ? WHERE id = ?", row)

    def forget(self, keys: list[str]) -> None:
        """Answers that are worth nothing; what they cost stays counted."""
        with self.transaction():
            self.database.executemany("DELETE FROM answers WHERE key = ?", [(key,) for key in keys])

    def keep(self, attempt: int, key: str, asked: str, reply: Reply, usd: float) -> None:
        """An answer and its true cost, together or not at all."""
        with self.transaction():
            self.correct(attempt, "answered", Spent(usd, reply.tokens_in + reply.tokens_out))
            row = (key, asked, json.dumps(reply, ensure_ascii=False), usd)
            self.database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, datetime('now'))", row)
