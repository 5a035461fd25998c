// What HTTP requests and responses consist of.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace baton::http {

// In the order they are sent. Names compare without regard to case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  void Add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  // The first field of that name; empty if there is none.
  std::string_view Get(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  bool empty() const { return fields_.empty(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// ASCII letters of either case are equal.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// kInvalidArgument if a name or value would break out of its line. Names the field, never its
// value, which may be a key.
Status CheckHeaders(const Headers& headers);

}  // namespace baton::http
