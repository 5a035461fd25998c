#include "graph/runner.h"

#include <utility>

#include "graph/internal/run_environment.h"
#include "graph/internal/run_loop.h"

namespace baton::graph {

Runner::Runner(CheckpointStore& store, const Clock& clock, IdGenerator& ids)
    : store_(store), clock_(clock), ids_(ids), heads_(std::make_unique<HeadCache>()) {}

Runner::~Runner() = default;

async::Task<RunResult> Runner::Run(std::shared_ptr<const CompiledGraph> graph, RunRequest request,
                                   RunOptions options) {
  RunEnvironment environment(store_, clock_, ids_, options);
  environment.thread_id = request.thread_id;
  environment.keeps_state = store_.keeps();
  environment.heads = heads_.get();
  RunLoop loop(environment, *graph, "", {}, nullptr);
  Status opened;
  if (environment.keeps_state) {
    opened = co_await loop.Open(std::move(request));
  } else if (request.input) {
    opened = loop.OpenFresh(std::move(*request.input));
    if (opened.ok() && options.listener != nullptr) opened = co_await loop.ReportOpened();
  } else {
    opened = Status(Code::kNotFound, "no input, and no store to go on from");
  }
  if (!opened.ok()) {
    RunResult result;
    result.status = std::move(opened);
    co_return result;
  }
  co_await loop.Loop();
  if (environment.keeps_state) co_await loop.Finish();
  loop.KeepHead();
  const bool is_between = loop.HasUnfinishedWrites();
  RunResult result = loop.TakeResult();
  result.in_store = environment.journal && environment.journal->in_store();
  if (is_between && result.status.ok()) {
    result.status = co_await loop.ReportValues(result.values);
  }
  co_return result;
}

}  // namespace baton::graph
