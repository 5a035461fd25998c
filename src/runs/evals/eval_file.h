// A file of questions and what is expected of the answers (docs/eval.md).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "runs/evals/expectation.h"

namespace baton::runs::evals {

struct EvalQuestion {
  std::string id;                 // unique in the file; its number where the file names none
  std::vector<std::string> asks;  // one turn each, in one conversation; the last is judged
  std::string agent;              // empty: the router decides
  bool allow = false;             // what the agent asks for is allowed, and not refused
  std::vector<Expectation> expectations;
};

struct EvalFile {
  std::vector<std::filesystem::path> documents;  // to be imported
  std::vector<EvalQuestion> questions;
};

// Reads the file. `folder` is where it is: relative documents are below it, and there must be
// such files. kInvalidArgument lists every mistake, one a line:
// "notes.yaml:7:9: unknown expectation 'contain': did you mean 'contains'?".
Result<EvalFile> ParseEvalFile(const std::string& text, std::string_view file_name,
                               const std::filesystem::path& folder);

}  // namespace baton::runs::evals
