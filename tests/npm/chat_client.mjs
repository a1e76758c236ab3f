// Amazon's own chat client, unmodified, told line by line what to do and telling line by line what it finds.
// In: {"do": "connect", "url", "tokens": […]} | "send" | "delete" | "disconnectUser" | "drop" | "leave". Out: {"saw": …, …}.
import { createInterface } from "node:readline";
import { ChatRoom, DeleteMessageRequest, DisconnectUserRequest, SendMessageRequest } from "amazon-ivs-chat-messaging";

const tell = (saw, what = {}) => process.stdout.write(`${JSON.stringify({ saw, ...what })}\n`);

// The socket that the client opened last, so that its network can be cut.
const Opened = globalThis.WebSocket;
let last;
globalThis.WebSocket = class extends Opened {
  constructor(...given) {
    super(...given);
    last = this;
  }
};

let room;

function connect({ url, tokens, attempts = 0 }) {
  room = new ChatRoom({
    regionOrUrl: url,
    maxReconnectAttempts: attempts,
    // As the SDK's readers must: the session's end, not the token's, says when the next connection is due.
    tokenProvider: async () => {
      if (!tokens.length) throw new Error("no token left");
      tell("asked for a token");
      return { token: tokens.shift(), tokenExpirationTime: new Date(Date.now() + 3_600_000) };
    },
  });
  room.logLevel = "error";
  room.logger = { error() {}, info() {}, debug() {} };
  room.addListener("connecting", () => tell("connecting"));
  room.addListener("connect", () => tell("connect"));
  room.addListener("disconnect", (reason) => tell("disconnect", { reason }));
  room.addListener("message", (message) => tell("message", { message }));
  room.addListener("event", (event) => tell("event", { event }));
  room.addListener("messageDelete", (event) => tell("messageDelete", { event }));
  room.addListener("userDisconnect", (event) => tell("userDisconnect", { event }));
  room.connect();
}

async function ask(name, request) {
  try {
    tell("answer", { answer: await room[name](request), requestId: request.requestId });
  } catch (error) {
    tell("error", { code: error.errorCode, message: error.errorMessage ?? String(error), requestId: request.requestId });
  }
}

const does = {
  connect,
  send: ({ content, attributes }) => ask("sendMessage", new SendMessageRequest(content, attributes)),
  delete: ({ id, reason }) => ask("deleteMessage", new DeleteMessageRequest(id, reason)),
  disconnectUser: ({ userId, reason }) => ask("disconnectUser", new DisconnectUserRequest(userId, reason)),
  // What a client sees of a network that goes away.
  drop: () => last.dispatchEvent(new Event("error")),
  leave: () => room.disconnect(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line);
  does[told.do](told);
}
process.exit(0);
