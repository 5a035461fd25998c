// JSON Schema: is this value of that shape?
#pragma once

#include <memory>

#include "base/status.h"
#include "json/json.h"

namespace baton::json {

// A compiled JSON Schema (drafts 4 to 7, the part valijson covers; no remote references).
// Threads: immutable; Validate() may be called from any thread.
class Schema {
 public:
  // kInvalidArgument if `definition` is not a schema, or for a `pattern` that is not of RE2's
  // syntax (no look-around, no references to groups), with its place.
  static Result<Schema> Compile(const Value& definition);

  // kInvalidArgument with every violation and its place, e.g.
  // "/query: Value type not permitted by 'type' constraint.".
  Status Validate(const Value& value) const;

 private:
  struct Compiled;
  explicit Schema(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace baton::json
