// From what a model wants changed to operations that land where they are meant.
#pragma once

#include <string>
#include <vector>

#include "agents/open_document.h"
#include "json/json.h"

namespace baton::agents {

// The JSON Schema of the plan a model gives:
//   {"answer": what the user reads, "summary": one line, "scope": paragraph | chapter |
//    multi_chapter, "safety": low | medium | high, "questions": [text],
//    "operations": [{"op", "original_text", "text", "note"}]}
// The places of the operations are quoted, not counted:
//   replace            `original_text` → `text`
//   delete             `original_text` goes
//   insert_after       `text` right behind `original_text`; behind a heading: a paragraph below it
//   replace_selection  the user's selection → `text`
//   insert_at_cursor   `text` where the cursor stands
//   append             `text` as a paragraph at the end of the document
const json::Value& EditPlanSchema();

// What a model has to know to write one, after the agent's own prompt.
std::string_view EditPlanInstructions();

struct ResolvedEdits {
  // In the document's order: {"op_type": replace_range | delete_range | insert_after_heading,
  // "start", "end" (UTF-16, end not included), "text", "pre_hash" of what is replaced,
  // "original_text", "anchor_text", "note", "confidence": 1}. Below a heading the anchor is its
  // whole line, with "occurrence_index" (from 0) where the line is there several times; another
  // insertion has "left_context" and "right_context", as nothing else tells its place.
  json::Array operations;
  // Why some of the plan cannot be done, one sentence each, for the model and for the user.
  // The operations are not to be used then.
  std::vector<std::string> problems;
};

// Finds the places of `operations`, a list that fits the schema. A quotation must occur exactly
// once: in the document, or, where something is selected, in the selection. Nothing is ever
// placed by likeness. Operations may neither overlap nor touch the front matter. One that changes
// nothing is left out.
ResolvedEdits ResolveEdits(const OpenDocument& document, const json::Array& operations);

}  // namespace baton::agents
