// E1: LangGraph.js running the graphs of engine_bench.cc. Prints microseconds per run as JSON.
import { Annotation, END, Send, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  log: Annotation({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
const node = (name) => () => ({ log: [name] });

function linear() {
  return new StateGraph(State)
    .addNode("a", node("a")).addNode("b", node("b")).addNode("c", node("c"))
    .addEdge(START, "a").addEdge("a", "b").addEdge("b", "c").addEdge("c", END).compile();
}

function fanOut() {
  const graph = new StateGraph(State).addNode("a", node("a")).addNode("z", node("z"));
  const names = ["b", "c", "d", "e", "f"];
  graph.addEdge(START, "a");
  for (const name of names) graph.addNode(name, node(name)).addEdge("a", name);
  return graph.addEdge(names, "z").addEdge("z", END).compile();
}

function sends() {
  return new StateGraph(State)
    .addNode("a", node("a")).addNode("w", (x) => ({ log: [x.v] }))
    .addEdge(START, "a")
    .addConditionalEdges("a", () => Array.from({ length: 100 }, (_, v) => new Send("w", { v })))
    .addEdge("w", END).compile();
}

async function median(graph, expected, runs) {
  const check = await graph.invoke({ log: ["in"] });
  if (check.log.length !== expected) throw new Error(`wrong answer: ${check.log.length}`);
  const times = [];
  for (let i = 0; i < runs; i++) {
    const start = process.hrtime.bigint();
    await graph.invoke({ log: ["in"] });
    times.push(Number(process.hrtime.bigint() - start) / 1000);
  }
  return times.sort((a, b) => a - b)[runs >> 1];
}

console.log(JSON.stringify({
  linear3: await median(linear(), 4, 400),
  fanout5: await median(fanOut(), 8, 300),
  send100: await median(sends(), 102, 40),
}));
