import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** mongo-java-server in memory on 127.0.0.1, announcing 4.4 (wire 9), the oldest version that PyMongo accepts. */
public final class MongoStandIn {
    private static final MongoVersion OLDEST_ACCEPTED = new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(4, 4, 0);
        }

        @Override
        public int getWireVersion() {
            return 9;
        }
    };

    private MongoStandIn() {}

    public static void main(String[] arguments) {
        if (arguments.length != 1) {
            System.err.println("usage: java -cp 'lib/*' MongoStandIn.java <port>");
            System.exit(2);
        }
        MongoServer server = new MongoServer(new MemoryBackend().version(OLDEST_ACCEPTED));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
    }
}
