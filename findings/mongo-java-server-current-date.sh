#!/usr/bin/env bash
# In mongo-java-server a time that `$currentDate` set is later than itself, once it was read back.
#
# Versions: mongo-java-server 1.47.0 (a server for tests), PyMongo 4.10.1 (the last that speaks to 3.6, which it plays).
#
# One would expect (written before the run): a date in BSON is a whole number of milliseconds, so what a client reads
# is what the server compares with, wherever the time came from: `$eq` finds the document by it, `$gt` does not.
#
# Instead: `$currentDate` keeps the parts of a millisecond that Java's clock has, compares with them, and cuts them
# off where it answers. `$gt` with the value that was just read finds the same document again, so that who reads on
# after the last time that he saw gets it for ever; `$eq` and `$lte` do not find it. A time that came from the client is
# as expected. Seen (of 20 documents by each, how many are found by the time that was read of them):
#   set by the client:       $eq 20, $lte 20, $gt 0
#   set by $currentDate:     $eq 0, $lte 0, $gt 20     (one in a thousand may happen to have no such part)
#
# Where it matters here: libs/runcast_core, store/mongo: times that are read and asked for again, such as those by which
# lists are paged, come from the api, in milliseconds; what `$currentDate` set is compared within the server only. The
# tests run on this server where there is no MongoDB.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
timeout 120 python3 -m venv "$dir/venv"
timeout 300 "$dir/venv/bin/pip" install --quiet --disable-pip-version-check 'pymongo==4.10.1'

cat >"$dir/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId>
  <artifactId>current-date</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>de.bwaldvogel</groupId>
      <artifactId>mongo-java-server</artifactId>
      <version>1.47.0</version>
    </dependency>
  </dependencies>
</project>
POM
cat >"$dir/Server.java" <<'JAVA'
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.ServerVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;

public class Server {
    public static void main(String[] arguments) {
        MongoServer server = new MongoServer(new MemoryBackend().version(ServerVersion.MONGO_3_6));
        System.out.println(server.bindAndGetConnectionString()); // on 127.0.0.1, on a free port
    }
}
JAVA
timeout 300 mvn -q -B -f "$dir/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$dir/lib"

cd "$dir"
timeout 100 "$dir/venv/bin/python" - <<'PY'
import subprocess
import sys
from datetime import datetime, timezone

from pymongo import MongoClient
from pymongo.collection import Collection

COUNT = 20


def found(times: Collection, label: str) -> tuple[int, ...]:
    """How many documents are found by their own time, as it was read."""
    read = list(times.find({}))
    counts = tuple(
        sum(times.count_documents({"_id": one["_id"], "at": {operator: one["at"]}}) for one in read)
        for operator in ("$eq", "$lte", "$gt")
    )
    print(f"{label + ':':24}$eq %d, $lte %d, $gt %d" % counts)
    return counts


command = ["timeout", "80", "java", "-cp", "lib/*", "Server.java"]
with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
    try:
        address = server.stdout.readline().strip()
        with MongoClient(address, serverSelectionTimeoutMS=20_000) as client:
            told, own = client.db["told"], client.db["own"]
            for number in range(COUNT):
                now = datetime.now(timezone.utc)
                told.update_one({"_id": number}, {"$set": {"at": now}}, upsert=True)
                own.update_one({"_id": number}, {"$currentDate": {"at": True}}, upsert=True)
            by_client = found(told, "set by the client")
            by_server = found(own, "set by $currentDate")
    finally:
        server.terminate()
if by_client != (COUNT, COUNT, 0) or not by_server[2]:
    sys.exit("Not as stated any more: a time is found by itself, or none is.")
print("As stated: what $currentDate set is later than what is read of it.")
PY
