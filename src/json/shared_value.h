// A value that many hold and nobody changes.
#pragma once

#include <concepts>
#include <memory>
#include <utility>

#include "json/json.h"

namespace baton::json {

// Copies share the value, so that handing on a schema costs no copy of it.
//
// Threads: as a `const Value`; the last holder frees it.
class SharedValue {
 public:
  SharedValue() : SharedValue(Value()) {}

  // Of anything that a Value is made of; implicit, as a Value is.
  template <typename T>
    requires(std::constructible_from<Value, T> && !std::same_as<std::decay_t<T>, SharedValue>)
  SharedValue(T&& value) : value_(std::make_shared<const Value>(std::forward<T>(value))) {}

  const Value& operator*() const { return *value_; }
  const Value* operator->() const { return value_.get(); }

 private:
  std::shared_ptr<const Value> value_;  // never null, unless moved from
};

}  // namespace baton::json
