#include "base/log.h"

#include <array>
#include <cmath>
#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/clock.h"
#include "base/utf8.h"

namespace baton {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warning", "error",
                                                         "critical"};

spdlog::logger& StderrLogger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("baton",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

std::atomic<LogLevel>& MinimumLevel() {
  static std::atomic<LogLevel> level{LogLevel::kInfo};
  return level;
}

void AppendQuoted(std::string& out, std::string_view text) {
  std::string valid;
  if (!IsValidUtf8(text)) text = valid = ReplaceInvalidUtf8(text);
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void AppendField(std::string& out, const LogField& field) {
  out += ',';
  AppendQuoted(out, field.key);
  out += ':';
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    AppendQuoted(out, *text);
  } else if (const auto* integer = std::get_if<std::int64_t>(&field.value)) {
    out += std::to_string(*integer);
  } else if (const auto* number = std::get_if<double>(&field.value)) {
    out += std::isfinite(*number) ? fmt::format("{}", *number) : "null";
  } else {
    out += std::get<bool>(field.value) ? "true" : "false";
  }
}

}  // namespace

void SetLogLevel(LogLevel level) { MinimumLevel().store(level, std::memory_order_relaxed); }

bool IsLogged(LogLevel level) { return level >= MinimumLevel().load(std::memory_order_relaxed); }

Result<LogLevel> ParseLogLevel(std::string_view name) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == name) return static_cast<LogLevel>(i);
  }
  return Fail(Code::kInvalidArgument,
              "log level '{}' is not one of debug, info, warning, error, critical", name);
}

void LogWith(const LogContext& context, LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) {
  if (!IsLogged(level)) return;
  std::string line = R"({"ts":)";
  AppendQuoted(line, FormatTimestamp(SystemClock().Now()));
  AppendField(line, {"level", kLevelNames[static_cast<std::size_t>(level)]});
  AppendField(line, {"event", event});
  if (!context.run_id.empty()) AppendField(line, {"run_id", context.run_id});
  if (!context.thread_id.empty()) AppendField(line, {"thread_id", context.thread_id});
  for (const LogField& field : fields) AppendField(line, field);
  line += '}';
  StderrLogger().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  LogWith({}, level, event, fields);
}

void FlushLog() { StderrLogger().flush(); }

}  // namespace baton
