// Importing `node:http` as an ES module reads each of its exports, among them WebSocket, for which Node loads all of undici:
// some 30 ms of a cold start. Taken like this, it is loaded alone.
module.exports = process.getBuiltinModule('node:http');
