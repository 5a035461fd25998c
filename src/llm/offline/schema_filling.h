// JSON answers of a demanded shape, as well as the conversation allows.
#pragma once

#include "base/status.h"
#include "json/json.h"
#include "llm/offline/evidence.h"

namespace baton::llm::offline {

// A value that is valid against `schema`. By the kind and the name of each member:
// enumerations by the words that the question shares with a value and with the lines of the
// instructions that describe it; booleans and grades ("sufficient", "confidence") by how much of
// the question the passages cover; text by extraction ("answer"), by the topics ("query",
// "title") or by a remark on the coverage ("reason"); lists of text by key phrases. Members
// that do not fit are replaced by minimal ones.
// kInvalidArgument if `schema` is none, or nothing valid was found (a "pattern", "not" or
// "if" that only a search could satisfy).
Result<json::Value> FillSchema(const json::Value& schema, const Evidence& evidence);

}  // namespace baton::llm::offline
