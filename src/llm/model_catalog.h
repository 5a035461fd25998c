// Which model stands behind the aliases that agents name.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "llm/chat_model.h"

namespace baton::llm {

// Aliases ("default", "fast", or one the operator configures) → model.
//
// Threads: filled at startup, then safe for concurrent reading.
class ModelCatalog {
 public:
  void Set(std::string alias, std::shared_ptr<ChatModel> model);

  // kNotFound names the aliases there are.
  Result<std::shared_ptr<ChatModel>> Get(std::string_view alias) const;

  std::vector<std::string> aliases() const;

 private:
  std::map<std::string, std::shared_ptr<ChatModel>, std::less<>> models_;
};

}  // namespace baton::llm
