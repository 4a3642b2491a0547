"""Figure: one measured number beside the limit it must keep."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the benchmark's table.

    Attributes:
        name: What was measured.
        value: The number.
        unit: Its unit; empty for a ratio.
        limit: The most it may be; None for a number that only stands beside others.
    """

    name: str
    value: float
    unit: str = ""
    limit: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the number keeps its limit."""
        return self.limit is None or self.value <= self.limit

    def __str__(self) -> str:
        limit = "" if self.limit is None else f"at most {self.limit:g} {self.unit}".rstrip()
        verdict = "" if self.limit is None else "ok" if self.holds else "TOO MUCH"
        return f"{self.name:<66} {self.value:>10.3f} {self.unit:<3} {limit:<18} {verdict}".rstrip()


def median(values: list[float]) -> float:
    """The middle value."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
