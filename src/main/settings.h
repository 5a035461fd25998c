// What the operator may set, where each value came from, and its effective value.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace baton::app {

// One thing to set. The table of all of them is kSettings in settings.cc: a new setting is one
// row there.
struct SettingSpec {
  std::string_view key;          // in the file, "grpc.port" being `port` below `grpc`
  std::string_view environment;  // variable; several separated by ' ', the first set one counts
  std::string_view default_value;
  std::string_view help;
  enum class Type { kText, kNumber, kPort, kLogLevel } type = Type::kText;
  bool secret = false;  // printed as "********"
};

struct SettingValue {
  std::string value;
  std::string origin;  // "default", "file baton.yaml:3", "environment BATON_MODEL", "command line"
};

// An environment variable BATON_… that sets nothing.
struct UnknownVariable {
  std::string name;
  std::string meant;  // the variable that it is most likely a misspelling of; empty: none is close
};

// Those among `environment`, "NAME=VALUE" each and a null pointer behind the last, as environ(7).
std::vector<UnknownVariable> UnknownVariables(const char* const* environment);

// The effective configuration: defaults < file < environment < flags.
//
// Threads: immutable after Load().
class Settings {
 public:
  using Environment = std::function<const char*(const char* name)>;

  // `file`: the path given by --config; empty means ./baton.yaml if there is one. `flags`: key →
  // value, as given on the command line. kInvalidArgument names the place of what is wrong:
  // "baton.yaml:3: unknown setting 'grpc.prot': did you mean 'grpc.port'?".
  static Result<Settings> Load(const std::filesystem::path& file, const Environment& environment,
                               const std::map<std::string, std::string>& flags);

  // `key` must be in the table; an unknown one is a bug.
  const std::string& Text(std::string_view key) const;
  bool IsDefault(std::string_view key) const;  // nobody has set it
  std::int64_t Number(std::string_view key) const;
  std::uint16_t Port(std::string_view key) const;

  // The same but for `values`, key → value, of origin `origin`; keys as in Text().
  Settings With(const std::map<std::string, std::string>& values, const std::string& origin) const;

  // "key = value   # origin", one a line, secrets masked.
  std::string Describe() const;
  // The same as JSON: {"grpc.port": {"value", "origin", "environment", "help"}}.
  std::string DescribeAsJson() const;

 private:
  std::map<std::string, SettingValue, std::less<>> values_;
};

}  // namespace baton::app
