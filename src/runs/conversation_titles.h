// Titles that a model gives to conversations.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "async/task_group.h"
#include "llm/model_catalog.h"
#include "runs/run_metrics.h"
#include "storage/database.h"

namespace baton::runs {

// What a model's answer says as a title: one line of at most 80 bytes, and "…" where
// there was more, without quotes around it.
// Empty if it says nothing of use.
std::string ReadTitle(std::string_view answer);

// After a conversation's first answer, asks the model behind `fast` for a title that says what it
// is about. In the background: no turn waits for it, and what goes wrong is logged and leaves the
// first words. A title that a user has given in the meantime, or before, stays.
//
// Its calls belong to no run and no run's limit; their tokens are counted in the metrics.
//
// Lifetime: database, models and metrics outlive it. Stop() before destruction.
// Threads:  Consider() from any thread; the work is done on the executor given at construction.
class ConversationTitles {
 public:
  // `wanted` false: nothing is ever asked.
  ConversationTitles(async::Executor executor, storage::Database& database,
                     const llm::ModelCatalog& models, RunMetrics& metrics, bool wanted);

  // To be called when a run of the conversation has ended; most often there is nothing to do.
  void Consider(std::string thread_id);

  // Waits for what is under way; Stop() ends it first, and is the last call. Both are awaited on
  // executor().
  async::Task<void> Join() { return work_.Join(); }
  async::Task<void> Stop();
  const async::Executor& executor() const { return work_.executor(); }

 private:
  struct FirstWords {
    std::string question;
    std::string answer;
  };

  async::Task<void> Make(std::shared_ptr<llm::ChatModel> model, std::string thread_id);
  async::Task<Result<std::optional<FirstWords>>> FindUntitled(std::string thread_id);
  async::Task<Status> Give(std::string thread_id, std::string title);

  storage::Database& database_;
  const llm::ModelCatalog& models_;
  RunMetrics& metrics_;
  const bool wanted_;

  // On the executor.
  async::TaskGroup work_;
  std::size_t under_way_ = 0;
};

}  // namespace baton::runs
