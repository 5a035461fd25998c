// JSON lines on standard error: one event per line, with the fields that find it again.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"

namespace baton {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kCritical };

// A field of a log line. Holds a view of text: fields live for the call only.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, std::int64_t v) : key(k), value(v) {}
  LogField(std::string_view k, int v) : key(k), value(std::int64_t{v}) {}
  LogField(std::string_view k, std::size_t v) : key(k), value(static_cast<std::int64_t>(v)) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
};

// Lines below `level` are dropped. Starts at kInfo.
// Threads: all functions of this header may be called from any thread.
void SetLogLevel(LogLevel level);
Result<LogLevel> ParseLogLevel(std::string_view name);  // debug info warning error critical
bool IsLogged(LogLevel level);

// Writes {"ts":…,"level":…,"event":…,<fields>} as one line. `event` is a constant phrase
// ("run admitted"), so that lines can be counted; what varies goes into fields.
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
void FlushLog();

// The ids that log lines of one run carry, kept by the run and handed to LogWith. A
// thread-local would name the wrong run after the first co_await.
struct LogContext {
  std::string run_id;
  std::string thread_id;
};
void LogWith(const LogContext& context, LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields = {});

}  // namespace baton
