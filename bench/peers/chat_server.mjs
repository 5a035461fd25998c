// S1, S2: a turn with LangGraph.js behind HTTP and SSE: route, agent with its model call, an
// in-memory checkpointer, tokens streamed as they come.
//
//   node chat_server.mjs PROVIDER_BASE_URL
import http from "node:http";
import { Annotation, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";

const provider = new URL(process.argv[2] + "/chat/completions");
const agent = new http.Agent({ keepAlive: true });

// The provider's tokens, as they come.
async function* complete(messages) {
  const body = JSON.stringify({ model: "m", stream: true, messages });
  const response = await new Promise((resolve, reject) => {
    const request = http.request(provider, {
      method: "POST", agent,
      headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) },
    }, resolve);
    request.on("error", reject).end(body);
  });
  let rest = "";
  for await (const piece of response) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      const text = JSON.parse(line.slice(6)).choices[0].delta.content;
      if (text) yield text;
    }
  }
}

const State = Annotation.Root({
  messages: Annotation({ reducer: (a, b) => a.concat(b), default: () => [] }),
  agent: Annotation(),
});
const graph = new StateGraph(State)
  .addNode("route", () => ({ agent: "chat" }))
  .addNode("chat", async (state, config) => {
    let answer = "";
    for await (const token of complete(state.messages)) {
      answer += token;
      config.writer(token);
    }
    return { messages: [{ role: "assistant", content: answer }] };
  })
  .addEdge(START, "route").addEdge("route", "chat").addEdge("chat", END)
  .compile({ checkpointer: new MemorySaver() });

let turn = 0;
const server = http.createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  response.socket.setNoDelay(true);
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  const input = { messages: [{ role: "user", content: JSON.parse(body).query }] };
  const config = { configurable: { thread_id: `t${turn++}` }, streamMode: "custom" };
  for await (const token of await graph.stream(input, config)) {
    response.write(`data: ${JSON.stringify({ type: "content", content: token })}\n\n`);
  }
  response.end(`data: {"type":"complete"}\n\n`);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
