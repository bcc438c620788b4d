"""What the SQLite store keeps for statistics: the load of each organization, noted by triggers, and indexes of ends.

Triggers note a change of state in its own transaction, whichever verb makes it.
"""

from runcast_core.model.executions import CLAIMED, Status
from runcast_core.model.statistics import MINUTE_MS, MINUTES
from runcast_core.store.sqlite.schema import NOW

_CLAIMED = ", ".join(f"'{status}'" for status in sorted(CLAIMED))
_LIVE = f"'{Status.PENDING}', {_CLAIMED}"
MINUTE = f"{NOW} / {MINUTE_MS}"


def _waiting(row: str) -> str:
    return f"({row}.status = '{Status.PENDING}')"


def _running(row: str) -> str:
    return f"({row}.status IN ({_CLAIMED}))"


TABLES = """
CREATE TABLE IF NOT EXISTS loads (
    organization_id TEXT PRIMARY KEY, waiting INTEGER NOT NULL, running INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS activity (
    organization_id TEXT NOT NULL, minute INTEGER NOT NULL, waiting INTEGER NOT NULL, running INTEGER NOT NULL,
    most_waiting INTEGER NOT NULL, most_running INTEGER NOT NULL, PRIMARY KEY (organization_id, minute)
) STRICT, WITHOUT ROWID;
"""
"""Of an organization that was deleted there are no rows, whatever becomes of its executions."""

INDEXES = """
CREATE INDEX IF NOT EXISTS executions_ended ON executions
    (organization_id, ended_at DESC, task_id DESC, image, status, started_at) WHERE ended_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS executions_ended_of_image ON executions
    (organization_id, image, ended_at DESC, task_id DESC, status, started_at) WHERE ended_at IS NOT NULL;
"""

TRIGGERS = f"""
CREATE TRIGGER IF NOT EXISTS load_added AFTER INSERT ON executions WHEN NEW.status IN ({_LIVE}) BEGIN
    INSERT INTO loads SELECT NEW.organization_id, 0, 0
        WHERE NOT EXISTS (SELECT 1 FROM organizations WHERE organization_id = NEW.organization_id AND deleted = 1)
        ON CONFLICT DO NOTHING;
    UPDATE loads SET waiting = waiting + {_waiting("NEW")}, running = running + {_running("NEW")}
        WHERE organization_id = NEW.organization_id;
END;
CREATE TRIGGER IF NOT EXISTS load_moved AFTER UPDATE OF status ON executions
WHEN {_waiting("OLD")} <> {_waiting("NEW")} OR {_running("OLD")} <> {_running("NEW")} BEGIN
    UPDATE loads SET
        waiting = waiting + {_waiting("NEW")} - {_waiting("OLD")},
        running = running + {_running("NEW")} - {_running("OLD")}
        WHERE organization_id = NEW.organization_id;
END;
CREATE TRIGGER IF NOT EXISTS activity_noted AFTER UPDATE ON loads BEGIN
    INSERT INTO activity VALUES (
        NEW.organization_id, {MINUTE}, OLD.waiting, OLD.running,
        max(OLD.waiting, NEW.waiting), max(OLD.running, NEW.running)
    ) ON CONFLICT DO UPDATE SET
        most_waiting = max(most_waiting, excluded.most_waiting),
        most_running = max(most_running, excluded.most_running);
END;
CREATE TRIGGER IF NOT EXISTS activity_bounded AFTER INSERT ON activity BEGIN
    DELETE FROM activity WHERE organization_id = NEW.organization_id
        AND minute NOT BETWEEN NEW.minute - {MINUTES - 1} AND NEW.minute;
END;
"""  # noqa: S608 - constants
"""Only ended executions are deleted, which changes no load. A bucket that is later than a new one is from before the
clock was set back."""

ADOPTED = f"""
INSERT INTO loads SELECT organization_id, sum({_waiting("e")}), sum({_running("e")}) FROM executions e
    WHERE status IN ({_LIVE}) AND organization_id NOT IN (SELECT organization_id FROM organizations WHERE deleted = 1)
    GROUP BY organization_id ON CONFLICT DO NOTHING;
"""  # noqa: S608 - constants
"""What waits and runs in a file of a version that noted no load."""
