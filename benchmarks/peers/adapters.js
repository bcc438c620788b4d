// The two Redis adapters of Socket.IO that are measured, and the options of a server that uses one.
const { createAdapter, createShardedAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");

const PING_MS = 120_000; // see PING_S in systems.py
const ADAPTERS = { classic: createAdapter, sharded: createShardedAdapter };

exports.serverOptions = async (adapter, url) => {
  const publisher = createClient({ url });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  return { adapter: ADAPTERS[adapter](publisher, subscriber), cors: { origin: "*" }, pingInterval: PING_MS };
};
