// Which database the settings mean, and how patient to be with it.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "main/settings.h"
#include "storage/postgres_database.h"

namespace baton::app {

// The setting `database`, or SQLite in the data folder.
inline std::string DatabaseAddress(const Settings& settings) {
  const std::string& given = settings.Text("database");
  if (!given.empty()) return given;
  return "sqlite:" + (std::filesystem::path(settings.Text("data")) / "baton.db").string();
}

// The file of a SQLite database; none for a database server.
inline std::optional<std::filesystem::path> SqliteFile(const Settings& settings) {
  constexpr std::string_view kSqlite = "sqlite:";
  const std::string address = DatabaseAddress(settings);
  if (!address.starts_with(kSqlite)) return std::nullopt;
  return address.substr(kSqlite.size());
}

// What to do where the database has no room; empty for other errors.
inline std::string_view RoomHint(const Status& status) {
  if (status.code() != Code::kResourceExhausted) return {};
  return "make room on the disk, or name another data folder with --data";
}

inline storage::PostgresLimits PostgresLimits(const Settings& settings) {
  const auto limit = [&settings](std::string_view key) {
    return std::chrono::milliseconds(settings.Number(key));
  };
  return {.lock_timeout = limit("postgres.lock_timeout_ms"),
          .statement_timeout = limit("postgres.statement_timeout_ms"),
          .reply_timeout = limit("postgres.reply_timeout_ms")};
}

}  // namespace baton::app
