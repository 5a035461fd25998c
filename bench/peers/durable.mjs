// E2 and E3: LangGraph.js with its savers on the graphs of durable_bench.cc, and its arguments.
import { randomUUID } from "node:crypto";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";

const State = Annotation.Root({
  log: Annotation({ reducer: (a, b) => a.concat(b), default: () => [] }),
});

async function openSaver(address) {
  if (address.startsWith("sqlite:")) {
    const saver = SqliteSaver.fromConnString(address.slice("sqlite:".length));
    saver.setup();
    saver.db.pragma("synchronous = FULL");
    return saver;
  }
  const saver = PostgresSaver.fromConnString(address);
  await saver.setup();
  return saver;
}

const node = (name) => () => ({ log: [name] });

const linear = (checkpointer) =>
  new StateGraph(State)
    .addNode("a", node("a")).addNode("b", node("b")).addNode("c", node("c"))
    .addEdge(START, "a").addEdge("a", "b").addEdge("b", "c").addEdge("c", END)
    .compile({ checkpointer });

const chat = (checkpointer) =>
  new StateGraph(State).addNode("note", node("noted"))
    .addEdge(START, "note").addEdge("note", END).compile({ checkpointer });

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const median = (values) => at([...values].sort((a, b) => a - b), 0.5);

async function run(address, durability, threads, seconds) {
  const graph = linear(await openSaver(address));
  const times = [];
  async function until(end) {
    while (performance.now() < end) {
      const begin = performance.now();
      const config = { configurable: { thread_id: randomUUID() }, durability };
      const result = await graph.invoke({ log: ["in"] }, config);
      if (result.log.length !== 4) throw new Error(`wrong answer: ${result.log.length}`);
      times.push(1000 * (performance.now() - begin));
    }
  }
  await until(performance.now() + 200);
  times.length = 0;
  const begin = performance.now();
  const end = begin + 1000 * seconds;
  await Promise.all(Array.from({ length: threads }, () => until(end)));
  const taken = (performance.now() - begin) / 1000;
  times.sort((a, b) => a - b);
  return { runs: times.length, runs_per_s: times.length / taken, p50_us: at(times, 0.5),
           p99_us: at(times, 0.99) };
}

function randomText() {
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .";
  return Array.from({ length: 1024 }, () => letters[Math.floor(Math.random() * letters.length)])
    .join("");
}

async function growth(address, turns) {
  const graph = chat(await openSaver(address));
  const config = { configurable: { thread_id: "growth" }, durability: "sync" };
  const times = [];
  for (let turn = 0; turn < turns; ++turn) {
    const text = randomText();
    const begin = performance.now();
    await graph.invoke({ log: [text] }, config);
    times.push(1000 * (performance.now() - begin));
  }
  const some = Math.min(times.length, 20);
  return { turns, first_us: median(times.slice(1, some)), last_us: median(times.slice(-some)) };
}

const [what, address, ...rest] = process.argv.slice(2);
const answer = what === "run" ? await run(address, rest[0], Number(rest[1]), Number(rest[2]))
                              : await growth(address, Number(rest[0]));
console.log(JSON.stringify(answer));
process.exit(0);
