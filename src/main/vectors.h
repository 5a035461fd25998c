// Searching documents by vectors, as the settings say.
#pragma once

#include <memory>

#include "async/runtime.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/status.h"
#include "embedding/embedder.h"
#include "main/settings.h"
#include "workspace/document_store.h"
#include "workspace/vectors/vector_search.h"
#include "workspace/vectors/vector_worker.h"

namespace baton::app {

// The embedder of the settings, the searches that ask it, and the worker that feeds it.
//
// Lifetime: all that Start() is given outlives it; destroying it stops the worker.
class VectorParts {
 public:
  // Has `documents` search by vectors, and starts giving them theirs on a thread of its own: an
  // embedder without a model computes, which would hold up whoever shares its thread. Null if
  // the settings switch vectors off. kInvalidArgument names the setting that is wrong.
  static Result<std::unique_ptr<VectorParts>> Start(const Settings& settings,
                                                    storage::Database& database,
                                                    workspace::DocumentStore& documents,
                                                    const Clock& clock, MetricsRegistry& metrics);
  ~VectorParts() { worker_.Stop(); }

  void Stop() { worker_.Stop(); }

 private:
  VectorParts(std::unique_ptr<embedding::Embedder> embedder, storage::Database& database,
              const Clock& clock, MetricsRegistry& metrics,
              workspace::vectors::VectorOptions options)
      : embedder_(std::move(embedder)),
        search_(database, *embedder_, clock, metrics, options),
        worker_(database, *embedder_, clock, metrics, &search_) {}

  async::Runtime runtime_{1};
  std::unique_ptr<embedding::Embedder> embedder_;
  workspace::vectors::VectorSearch search_;
  workspace::vectors::VectorWorker worker_;
};

}  // namespace baton::app
